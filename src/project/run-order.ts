import type { Project } from './project-contract.ts';
import { resourceGraph, type ResourceGraph } from './resource-graph.ts';

/** A node that is to be run, and those that must have gone well before it. */
export interface OrderedNode {
  readonly uniqueId: string;
  readonly blockers: ReadonlySet<string>;
}

/**
 * Nodes in the order in which they are run: each after what it follows from, a test as soon as it can. As in `dbt build`, a node
 * is also held up by the tests of what it follows from: by each test whose parents are all upstream of it, and by its own unit tests.
 *
 * @param ids unique ids of models, seeds, data tests and unit tests
 */
export function runOrder(project: Project, ids: ReadonlySet<string>): OrderedNode[] {
  const graph = resourceGraph(project);
  const upstream = new Upstream(graph);
  const kindOf = (id: string): string | null => graph.get(id)?.testKind ?? null;
  const tests = [...ids].filter((id) => kindOf(id) !== null);
  const blockers = new Map<string, Set<string>>();
  for (const id of ids) {
    const above = upstream.of(id);
    const blocking = new Set([...above].filter((one) => ids.has(one)));
    if (kindOf(id) === 'unit') {
      // It needs no rows of the model, and so is run before it.
      for (const parent of graph.get(id)?.parents ?? []) blocking.delete(parent);
    }
    if (kindOf(id) === null) {
      for (const test of tests) {
        const parents = graph.get(test)?.parents ?? [];
        const before =
          kindOf(test) === 'unit' ? (one: string) => one === id || above.has(one) : (one: string) => above.has(one);
        if (parents.length > 0 && parents.every(before)) blocking.add(test);
      }
    }
    blockers.set(id, blocking);
  }
  return ordered(graph, ids, blockers);
}

/** Tests go before all else that can be run, so that they stand behind what they test; ties in the order of unique ids. */
function ordered(
  graph: ResourceGraph,
  ids: ReadonlySet<string>,
  blockers: ReadonlyMap<string, ReadonlySet<string>>,
): OrderedNode[] {
  const rank = (id: string): number => (graph.get(id)?.testKind === null ? 1 : 0);
  const pending = [...ids].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
  const done = new Set<string>();
  const order: OrderedNode[] = [];
  while (pending.length > 0) {
    const at = pending.findIndex((id) => blockers.get(id)?.isSubsetOf(done) ?? true);
    const [uniqueId] = pending.splice(Math.max(at, 0), 1) as [string];
    done.add(uniqueId);
    order.push({ uniqueId, blockers: blockers.get(uniqueId) ?? new Set() });
  }
  return order;
}

/** All that a resource follows from. */
class Upstream {
  readonly #graph: ResourceGraph;
  readonly #known = new Map<string, ReadonlySet<string>>();

  constructor(graph: ResourceGraph) {
    this.#graph = graph;
  }

  of(id: string): ReadonlySet<string> {
    let found = this.#known.get(id);
    if (found === undefined) {
      const parents = this.#graph.get(id)?.parents ?? [];
      found = new Set(parents.flatMap((parent) => [parent, ...this.of(parent)]));
      this.#known.set(id, found);
    }
    return found;
  }
}
