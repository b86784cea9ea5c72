import { LensError } from '../core/errors.ts';
import { manifestOf } from './artifacts/manifest.ts';
import type { PreviousState } from './previous-state.ts';
import type { Project } from './project-contract.ts';
import { resourceGraph, type Resource, type ResourceGraph, type ResourceType } from './resource-graph.ts';
import { matcherOf, type SelectionContext } from './selection-methods.ts';
import { defaultSelector, selectorSpec } from './selector-definitions.ts';
import { differenceOf, type Criterion, type IndirectSelection, type SelectionSpec } from './selection-spec.ts';

/** What the flags of a command say about which resources it is for. */
export interface Selection {
  /** As `--select` and `--exclude` take them: each a union of words separated by spaces. */
  readonly select?: readonly string[] | undefined;
  readonly exclude?: readonly string[] | undefined;
  /** The name of a selector of selectors.yml, instead of the two. */
  readonly selector?: string | undefined;
  /** `eager` when missing. */
  readonly indirectSelection?: IndirectSelection | undefined;
  /** What `state:`, `result:` and `source_status:` compare with. */
  readonly state?: PreviousState | undefined;
  /** Only these types; all when missing. */
  readonly resourceTypes?: readonly ResourceType[] | undefined;
  /** A criterion that matches nothing is an error (USAGE) instead of a warning. */
  readonly strict?: boolean | undefined;
}

export interface Selected {
  /** By unique id. */
  readonly resources: readonly Resource[];
  /** A sentence about each criterion that matches nothing, in dbt's words. */
  readonly warnings: readonly string[];
}

/**
 * Resources by dbt's selection language; all when nothing is selected. USAGE when a criterion cannot be read.
 * https://docs.getdbt.com/reference/node-selection/syntax
 */
export function selectResources(project: Project, selection: Selection = {}): Selected {
  const spec = specOf(project, selection);
  const evaluation = new Evaluation(resourceGraph(project), contextOf(project, selection.state));
  const { direct } = evaluation.select(spec);
  const warnings = [...evaluation.warnings];
  if (selection.strict === true && warnings.length > 0) {
    throw new LensError('USAGE', warnings.join('; '), {
      hint: 'lens ls lists what there is; without --strict-select and --warn-error this is a warning',
    });
  }
  const types = selection.resourceTypes;
  const resources = [...direct].sort().map((id) => evaluation.graph.get(id) as Resource);
  return { resources: resources.filter((one) => types?.includes(one.resourceType) ?? true), warnings };
}

function contextOf(project: Project, state: PreviousState | undefined): SelectionContext {
  let manifest: Readonly<Record<string, unknown>> | undefined;
  return {
    project,
    state,
    manifest: () => (manifest ??= manifestOf(project, { metadata: {}, generatedAt: new Date(0) })),
  };
}

/** A selector that is named, else what is selected, else the default selector of the project, else everything. */
function specOf(project: Project, selection: Selection): SelectionSpec {
  const { select, exclude, selector, indirectSelection = 'eager' } = selection;
  const nothingSaid = (select ?? []).length === 0 && (exclude ?? []).length === 0;
  const name = selector ?? (nothingSaid ? defaultSelector(project.selectors)?.name : undefined);
  if (name !== undefined) return selectorSpec(project.selectors, name, indirectSelection);
  return differenceOf(select, exclude, indirectSelection);
}

type Ids = ReadonlySet<string>;

/** What a part of a selection holds, and the tests that it holds once all they read is selected. */
interface Evaluated {
  readonly direct: Ids;
  readonly indirect: Ids;
}

const NONE: Ids = new Set();

/** One selection over one graph, after dbt-core's graph/selector.py. */
class Evaluation {
  readonly graph: ResourceGraph;
  readonly warnings = new Set<string>();
  readonly #context: SelectionContext;

  constructor(graph: ResourceGraph, context: SelectionContext) {
    this.graph = graph;
    this.#context = context;
  }

  select(spec: SelectionSpec): Evaluated {
    if (spec.kind === 'criterion') return this.#criterion(spec);
    const parts = spec.components.map((component) => this.select(component));
    const combined = combine(
      spec.kind,
      parts.map(({ direct }) => direct),
    );
    const indirect = combine(
      spec.kind,
      parts.map((part) => part.direct.union(part.indirect)),
    );
    const direct = this.#withIndirect(combined, indirect, spec.indirect);
    if (spec.expected !== null && direct.size === 0)
      this.warnings.add(`The selection criterion '${spec.expected}' does not match any enabled nodes`);
    return { direct, indirect };
  }

  #criterion(criterion: Criterion): Evaluated {
    const matches = matcherOf(criterion, this.#context);
    const chosen: Ids = new Set([...this.graph.values()].filter(matches).map(({ uniqueId }) => uniqueId));
    let selected = chosen;
    if (criterion.childrensParents) {
      const down = chosen.union(this.#walk(chosen, 'children', Infinity));
      selected = selected.union(down).union(this.#walk(down, 'parents', Infinity));
    }
    if (criterion.parents !== null) selected = selected.union(this.#walk(chosen, 'parents', criterion.parents));
    if (criterion.children !== null) selected = selected.union(this.#walk(chosen, 'children', criterion.children));
    return this.#expand(selected, criterion.indirect);
  }

  /** The tests of what is selected: those that are selected with it, and those that wait for more of what they read. */
  #expand(selected: Ids, indirectSelection: IndirectSelection): Evaluated {
    if (indirectSelection === 'empty') return { direct: selected, indirect: NONE };
    const direct = new Set(selected);
    const indirect = new Set<string>();
    const enough = indirectSelection === 'buildable' ? this.#buildable(selected) : selected;
    for (const id of selected) {
      for (const child of this.graph.get(id)?.children ?? []) {
        const test = this.graph.get(child) as Resource;
        if (test.testKind === null) continue;
        if (indirectSelection === 'eager' || test.parents.every((parent) => enough.has(parent))) direct.add(child);
        else indirect.add(child);
      }
    }
    return { direct, indirect };
  }

  #buildable(selected: Ids): Ids {
    const sources = [...this.graph.values()].filter(({ resourceType }) => resourceType === 'source');
    return selected
      .union(this.#walk(selected, 'parents', Infinity))
      .union(new Set(sources.map(({ uniqueId }) => uniqueId)));
  }

  /** With the data tests that wait and have all they read by now. */
  #withIndirect(direct: Ids, indirect: Ids, indirectSelection: IndirectSelection): Ids {
    if (indirectSelection !== 'cautious' && indirectSelection !== 'buildable') return direct;
    const selected = new Set(direct);
    const enough =
      indirectSelection === 'cautious' ? selected : selected.union(this.#walk(selected, 'parents', Infinity));
    for (const id of indirect) {
      const test = this.graph.get(id) as Resource;
      if (test.resourceType !== 'unit_test' && test.parents.every((parent) => enough.has(parent))) selected.add(id);
    }
    return selected;
  }

  #walk(from: Ids, direction: 'parents' | 'children', most: number): Ids {
    const found = new Set<string>();
    let edge = [...from];
    for (let step = 0; step < most && edge.length > 0; step++) {
      edge = [...new Set(edge.flatMap((id) => this.graph.get(id)?.[direction] ?? []))].filter((id) => !found.has(id));
      for (const id of edge) found.add(id);
    }
    return found;
  }
}

function combine(kind: 'union' | 'intersection' | 'difference', sets: readonly Ids[]): Ids {
  const [first, ...rest] = sets;
  if (first === undefined) return NONE;
  return rest.reduce((all, one) => all[kind](one), first);
}
