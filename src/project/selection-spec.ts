import { closestName } from '../core/closest-name.ts';
import { LensError } from '../core/errors.ts';

/**
 * How tests follow from selected models: `eager` when any of what they read is selected, `cautious` when all of it is,
 * `buildable` when all of it is selected or upstream of what is, `empty` never.
 */
export type IndirectSelection = 'eager' | 'cautious' | 'buildable' | 'empty';

export const INDIRECT_SELECTIONS: readonly IndirectSelection[] = ['eager', 'cautious', 'buildable', 'empty'];

/** What a selection is made of, after dbt-core's graph/selector_spec.py. */
export type SelectionSpec = Criterion | SelectionGroup;

export interface Criterion {
  readonly kind: 'criterion';
  /** As it was written. */
  readonly raw: string;
  readonly method: string;
  /** `meta.owner` of `config.meta.owner:`. */
  readonly path: readonly string[];
  /** A text on the command line; selectors.yml may have numbers and booleans. */
  readonly value: unknown;
  /** `@`: everything downstream, and all that it needs. */
  readonly childrensParents: boolean;
  /** How many steps up and down stream; null for none at all. */
  readonly parents: number | null;
  readonly children: number | null;
  readonly indirect: IndirectSelection;
}

export interface SelectionGroup {
  readonly kind: 'union' | 'intersection' | 'difference';
  readonly components: readonly SelectionSpec[];
  readonly indirect: IndirectSelection;
  /** What is said when nothing is selected; null: that is all right. */
  readonly expected: string | null;
}

const SELECTION_METHOD_NAMES: readonly string[] =
  `fqn tag group access source path file package config test_name test_type resource_type exposure unit_test version state result source_status`.split(
    ' ',
  );

/** What is there when nothing is said: everything. */
const EVERYTHING = ['fqn:*', 'source:*', 'exposure:*'];

/** What `--select` and `--exclude` say, each a union of words separated by spaces. USAGE for what cannot be read. */
export function differenceOf(
  select: readonly string[] | undefined,
  exclude: readonly string[] | undefined,
  indirect: IndirectSelection,
): SelectionSpec {
  const selected = wordsOf(select);
  const included = selected.length === 0 ? unionOf(EVERYTHING, indirect, false) : unionOf(selected, indirect, true);
  const excluded = unionOf(wordsOf(exclude), indirect, true);
  return { kind: 'difference', components: [included, excluded], indirect: 'eager', expected: null };
}

function wordsOf(texts: readonly string[] | undefined): string[] {
  // an empty word is one that matches nothing, as in dbt: `--select "$CHANGED"` must not stand for everything
  return (texts ?? []).flatMap((text) => text.split(' '));
}

function unionOf(words: readonly string[], indirect: IndirectSelection, expected: boolean): SelectionGroup {
  const components = words.map((word): SelectionGroup => {
    const parts = word.split(',').map((part) => criterionOf(part, indirect));
    return { kind: 'intersection', components: parts, indirect, expected: expected ? word : null };
  });
  return { kind: 'union', components, indirect, expected: null };
}

/** `@`, or a number of steps before a `+`, then the criterion, then the same after it. */
const CRITERION =
  /^(?<at>@)?(?<up>(?<upSteps>\d*)\+)?(?:(?<method>[\w.]+):)?(?<value>.*?)(?<down>\+(?<downSteps>\d*))?$/su;

/** One criterion of the command line or of selectors.yml, as `2+config.materialized:table`. USAGE when it cannot be read. */
export function criterionOf(raw: string, indirect: IndirectSelection): Criterion {
  const groups = CRITERION.exec(raw)?.groups;
  if (groups === undefined) throw unreadable(raw, `the selector ${raw} cannot be read`);
  const value = groups['value'] as string;
  const [method, ...path] = (groups['method'] ?? methodOf(value)).split('.');
  return checked({
    kind: 'criterion',
    raw,
    method: method as string,
    path,
    value,
    childrensParents: groups['at'] !== undefined,
    parents: groups['up'] === undefined ? null : steps(groups['upSteps']),
    children: groups['down'] === undefined ? null : steps(groups['downSteps']),
    indirect,
  });
}

/** The method of a value without one: a file or folder when it looks like it, else a name. */
export function methodOf(value: string): string {
  if (value.includes('/')) return 'path';
  return /\.(sql|py|csv)$/i.test(value) ? 'file' : 'fqn';
}

/** USAGE for a method that is not there, or `@` with a `+` behind. */
export function checked(criterion: Criterion): Criterion {
  const { raw, method, childrensParents, children } = criterion;
  if (childrensParents && children !== null)
    throw unreadable(raw, `Invalid node spec ${raw} - "@" prefix and "+" suffix are incompatible`);
  if (!SELECTION_METHOD_NAMES.includes(method)) {
    const near = closestName(method, SELECTION_METHOD_NAMES);
    const hint = near === undefined ? `use one of ${SELECTION_METHOD_NAMES.join(', ')}` : `did you mean ${near}:?`;
    throw new LensError('USAGE', `'${method}' is not a valid method name`, { place: raw, hint });
  }
  return criterion;
}

function steps(text: string | undefined): number {
  return text === undefined || text === '' ? Infinity : Number(text);
}

function unreadable(raw: string, message: string): LensError {
  return new LensError('USAGE', message, { place: raw, hint: 'docs/project.md lists the forms' });
}
