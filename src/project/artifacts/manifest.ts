import { createHash } from 'node:crypto';
import type { Project } from '../project-contract.ts';
import { resourceGraph } from '../resource-graph.ts';
import { selectorsOfManifest } from '../selector-definitions.ts';
import { groupOf } from '../groups.ts';
import { docNode, exposureNode, groupNode, sourceNode, unitTestNode } from './manifest-declared.ts';
import { macroNodes, ManifestMacros } from './manifest-macros.ts';
import { operationNode } from './manifest-operations.ts';
import { analysisNode, modelNode, seedNode, testNode, type Json, type ManifestContext } from './manifest-nodes.ts';

export interface ManifestOptions {
  /** The head of the artifact: schema, version, time and invocation. */
  readonly metadata: Json;
  readonly generatedAt: Date;
  /** Compiled SQL that goes in, by unique id; none when missing. */
  readonly compiled?: ReadonlyMap<string, string> | undefined;
}

/** dbt's manifest.json, schema v12, of a project: what tools that read dbt's artifacts know it by. */
export function manifestOf(project: Project, { metadata, generatedAt, compiled }: ManifestOptions): Json {
  const createdAt = generatedAt.getTime() / 1000;
  const macros = new ManifestMacros(project);
  const context: ManifestContext = {
    project,
    createdAt,
    macros,
    compiled: (id) => compiled?.get(id)?.trim() ?? null,
  };
  const graph = [...resourceGraph(project).values()];
  const alone = byId(project.operations, () => []);
  return {
    metadata: {
      ...metadata,
      project_name: project.name,
      project_id: createHash('md5').update(project.name).digest('hex'),
      user_id: null,
      send_anonymous_usage_stats: false,
      adapter_type: 'duckdb',
      quoting: { database: true, schema: true, identifier: true, column: null },
      run_started_at: generatedAt.toISOString(),
    },
    nodes: {
      ...byId(project.models, (model) => modelNode(model, context)),
      ...byId(project.analyses, (analysis) => analysisNode(analysis, context)),
      ...byId(project.tests, (test) => testNode(test, context)),
      ...byId(project.seeds, (seed) => seedNode(seed, context)),
      ...byId(project.operations, (operation) => operationNode(operation, context)),
    },
    sources: byId(project.sources, (source) => sourceNode(source, context)),
    macros: macroNodes(macros, createdAt),
    docs: byId(project.docs, (block) => docNode(block, context)),
    exposures: byId(project.exposures, (exposure) => exposureNode(exposure, context)),
    metrics: {},
    groups: byId(project.groups, groupNode),
    selectors: selectorsOfManifest(project.selectors),
    disabled: {},
    parent_map: {
      ...Object.fromEntries(graph.map(({ uniqueId, parents }) => [uniqueId, [...parents].sort()])),
      ...alone,
    },
    child_map: {
      ...Object.fromEntries(graph.map(({ uniqueId, children }) => [uniqueId, [...children].sort()])),
      ...alone,
    },
    group_map: groupMap(project),
    saved_queries: {},
    semantic_models: {},
    unit_tests: byId(project.unitTests, (test) => unitTestNode(test, context)),
    functions: {},
  };
}

function byId<T extends { readonly uniqueId: string }>(
  all: readonly T[],
  node: (one: T) => Json | readonly Json[],
): Json {
  return Object.fromEntries(all.map((one) => [one.uniqueId, node(one)]));
}

/** Nodes by the name of their group; a test is in that of what it is on, else in its own. */
function groupMap(project: Project): Json {
  const map: Record<string, string[]> = Object.fromEntries(project.groups.map(({ name }) => [name, []]));
  const groups = new Map([...project.models, ...project.seeds].map(({ name, group }) => [name, group]));
  for (const { uniqueId, group } of [...project.models, ...project.seeds])
    if (group !== null) map[group]?.push(uniqueId);
  for (const { uniqueId, target, writtenConfig } of project.tests) {
    const isOn = target !== null && target.kind !== 'source';
    const group = isOn ? (groups.get(target.name) ?? null) : groupOf(writtenConfig);
    if (group !== null) map[group]?.push(uniqueId);
  }
  return map;
}
