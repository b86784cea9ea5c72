import { closestName } from '../core/closest-name.ts';
import { LensError } from '../core/errors.ts';
import type { SelectorDefinition } from './project-contract.ts';
import {
  checked,
  criterionOf,
  INDIRECT_SELECTIONS,
  methodOf,
  type IndirectSelection,
  type SelectionSpec,
} from './selection-spec.ts';
import { isYamlRecord, type YamlRecord } from './yaml-file.ts';

/** The selector that applies when nothing is selected: the one with `default: true`. */
export function defaultSelector(selectors: readonly SelectorDefinition[]): SelectorDefinition | undefined {
  return selectors.find((one) => one.default);
}

/**
 * What a selector of selectors.yml says, after dbt-core's graph/cli.py. USAGE when there is none of that name, PROJECT_INVALID when
 * its definition has a wrong form.
 *
 * @param indirect of criteria that say nothing themselves
 */
export function selectorSpec(
  selectors: readonly SelectorDefinition[],
  name: string,
  indirect: IndirectSelection,
): SelectionSpec {
  const at = selectors.findIndex((one) => one.name === name);
  const selector = selectors[at];
  if (selector === undefined) {
    const names = selectors.map((one) => one.name);
    const near = closestName(name, names);
    throw new LensError('USAGE', `Could not find selector named ${name}, expected one of [${names.join(', ')}]`, {
      hint: near === undefined ? 'selectors are defined in selectors.yml' : `did you mean ${near}?`,
    });
  }
  return new DefinitionReader(selectors.slice(0, at), selector, indirect).spec();
}

/** Reads one definition; it may use the selectors that stand before it. */
class DefinitionReader {
  readonly #before: readonly SelectorDefinition[];
  readonly #selector: SelectorDefinition;
  readonly #indirect: IndirectSelection;

  constructor(before: readonly SelectorDefinition[], selector: SelectorDefinition, indirect: IndirectSelection) {
    this.#before = before;
    this.#selector = selector;
    this.#indirect = indirect;
  }

  spec(): SelectionSpec {
    const { definition } = this.#selector;
    if (isYamlRecord(definition)) {
      const keys = Object.keys(definition);
      if (keys.length > 1 && keys.some((key) => key === 'union' || key === 'intersection'))
        throw this.#invalid(
          `only a single union or intersection may stand at the top of a definition, found ${keys.join(', ')}`,
        );
    }
    return this.#read(definition);
  }

  #read(definition: unknown): SelectionSpec {
    if (typeof definition === 'string') return criterionOf(definition, this.#indirect);
    if (!isYamlRecord(definition))
      throw this.#invalid('a definition is a text, a method with a value, a union or an intersection');
    for (const kind of ['union', 'intersection'] as const) {
      if (definition[kind] !== undefined) return this.#group(kind, definition[kind]);
    }
    return this.#method(definition);
  }

  #group(kind: 'union' | 'intersection', list: unknown): SelectionSpec {
    const parts = this.#list(list, kind);
    const excluding = parts.filter((part) => isYamlRecord(part) && part['exclude'] !== undefined && !isMethod(part));
    if (excluding.length > 1) throw this.#invalid(`a ${kind} may hold one exclude`);
    const components = parts.filter((part) => !excluding.includes(part)).map((part) => this.#read(part));
    const group = { kind, components, indirect: 'eager', expected: null } as const;
    return this.#without(group, excluding[0]);
  }

  #method(definition: YamlRecord): SelectionSpec {
    const keys = Object.keys(definition);
    const [only] = keys;
    if (keys.length === 1 && only !== undefined) return this.#criterion({ method: only, value: definition[only] });
    const { method, value } = definition;
    if (method === 'selector') {
      const other = this.#before.findIndex(({ name }) => name === value);
      if (other === -1) throw this.#invalid(`there is no selector ${String(value)} before it`);
      return selectorSpec(this.#before, String(value), this.#indirect);
    }
    if (!isMethod(definition)) throw this.#invalid(`expected one key, or method and value, found ${keys.join(', ')}`);
    return this.#without(this.#criterion(definition), definition);
  }

  #criterion(definition: YamlRecord): SelectionSpec {
    const { method, value, indirect_selection: indirect } = definition;
    const said = INDIRECT_SELECTIONS.find((one) => one === indirect);
    if (indirect !== undefined && said === undefined)
      throw this.#invalid(`indirect_selection is one of ${INDIRECT_SELECTIONS.join(', ')}`);
    const [name, ...path] = (typeof method === 'string' ? method : methodOf(String(value))).split('.');
    return checked({
      kind: 'criterion',
      raw: `${String(method)}:${String(value)}`,
      method: name as string,
      path,
      value,
      childrensParents: definition['childrens_parents'] === true,
      parents: definition['parents'] === true ? depth(definition['parents_depth']) : null,
      children: definition['children'] === true ? depth(definition['children_depth']) : null,
      indirect: said ?? this.#indirect,
    });
  }

  #without(base: SelectionSpec, holder: unknown): SelectionSpec {
    if (!isYamlRecord(holder) || holder['exclude'] === undefined) return base;
    const excluded = this.#list(holder['exclude'], 'exclude').map((part) => this.#read(part));
    const union = { kind: 'union', components: excluded, indirect: 'eager', expected: null } as const;
    return { kind: 'difference', components: [base, union], indirect: 'eager', expected: null };
  }

  #list(value: unknown, key: string): readonly unknown[] {
    if (Array.isArray(value)) return value;
    throw this.#invalid(`${key} must be a list`);
  }

  #invalid(problem: string): LensError {
    return new LensError('PROJECT_INVALID', `selector ${this.#selector.name}: ${problem}`, {
      place: this.#selector.place,
      hint: 'https://docs.getdbt.com/reference/node-selection/yaml-selectors has the forms',
    });
  }
}

function isMethod(definition: YamlRecord): boolean {
  return definition['method'] !== undefined && definition['value'] !== undefined;
}

/** No number, and 0, stand for all steps. */
function depth(said: unknown): number {
  const steps = Number(said ?? 0);
  return steps > 0 ? steps : Infinity;
}

/** Selectors as dbt's manifest has them: every criterion as a method and a value, other selectors written out. */
export function selectorsOfManifest(selectors: readonly SelectorDefinition[]): Readonly<Record<string, YamlRecord>> {
  const done = new Map<string, unknown>();
  for (const { name, definition } of selectors) done.set(name, normalized(definition, done));
  return Object.fromEntries(
    selectors.map(({ name, description, default: isDefault }) => [
      name,
      {
        name,
        ...(description === '' ? {} : { description }),
        ...(isDefault ? { default: true } : {}),
        definition: done.get(name),
      },
    ]),
  );
}

function normalized(definition: unknown, before: ReadonlyMap<string, unknown>): unknown {
  if (typeof definition === 'string') return asMap(definition);
  if (!isYamlRecord(definition)) return definition;
  const list = (value: unknown): unknown =>
    Array.isArray(value) ? value.map((one) => normalized(one, before)) : value;
  for (const key of ['union', 'intersection', 'exclude']) {
    if (definition[key] !== undefined && !isMethod(definition)) return { [key]: list(definition[key]) };
  }
  const [only, ...others] = Object.keys(definition);
  if (only !== undefined && others.length === 0) return { method: only, value: definition[only] };
  return definition['method'] === 'selector' ? before.get(String(definition['value'])) : definition;
}

function asMap(text: string): YamlRecord {
  const { method, path, value, childrensParents, parents, children } = criterionOf(text, 'eager');
  const steps = (name: string, count: number | null): YamlRecord =>
    count === null ? {} : { [name]: true, ...(count === Infinity ? {} : { [`${name}_depth`]: String(count) }) };
  return {
    ...(childrensParents ? { childrens_parents: true } : {}),
    ...steps('parents', parents),
    method: [method, ...path].join('.'),
    value,
    ...steps('children', children),
  };
}
