import type { Project } from './project-contract.ts';

/** A model or source table as selectors see it. */
export interface Node {
  readonly uniqueId: string;
  readonly kind: 'model' | 'source';
  readonly name: string;
  readonly fqn: readonly string[];
  /** The model's file; null for a source. */
  readonly path: string | null;
  readonly tags: readonly string[];
  readonly config: Readonly<Record<string, unknown>>;
  readonly parents: readonly string[];
  readonly children: string[];
}

/** Models and source tables by unique id, with what is next to them up and down stream. */
export function graphOf(project: Project): Map<string, Node> {
  const graph = new Map<string, Node>();
  const sourceIds = new Map(project.sources.map((source) => [source.table, source.uniqueId]));
  for (const { uniqueId, sourceName, name, tags, meta } of project.sources) {
    const fqn = [project.name, sourceName, name];
    graph.set(uniqueId, {
      uniqueId,
      kind: 'source',
      name,
      fqn,
      path: null,
      tags,
      config: { meta },
      parents: [],
      children: [],
    });
  }
  for (const { uniqueId, name, fqn, path, tags, config, materialized, schema, alias, dependsOn } of project.models) {
    const parents = [
      ...dependsOn.models.map((input) => project.model(input).uniqueId),
      ...dependsOn.sources.map((table) => sourceIds.get(table) ?? ''),
    ];
    const full = { ...config, materialized, schema, alias };
    graph.set(uniqueId, { uniqueId, kind: 'model', name, fqn, path, tags, config: full, parents, children: [] });
  }
  for (const node of graph.values()) for (const parent of node.parents) graph.get(parent)?.children.push(node.uniqueId);
  return graph;
}
