import { modelNode, seedNode, testNode, type ManifestContext } from './artifacts/manifest-nodes.ts';
import { ManifestMacros } from './artifacts/manifest-macros.ts';
import { fromJs, Thing, tuple, type Value } from './jinja/values.ts';
import { compile } from './compile.ts';
import { DATABASE, qualified } from './relation-naming.ts';
import type { Project } from './project-contract.ts';
import { PythonDatetime } from './python/dates.ts';

/** What a command has made of a node, in the words of `run_results.json`. */
export interface FinishedNode {
  readonly uniqueId: string;
  readonly resourceType: string;
  readonly name: string;
  readonly status: string;
  readonly message: string | null;
  readonly failures: number | null;
  readonly seconds: number;
  readonly startedAt: string;
  readonly completedAt: string;
  readonly adapterResponse: Readonly<Record<string, unknown>>;
  /** Whether there is compiled SQL of it. */
  readonly compiled: boolean;
  readonly relationName: string | null;
}

/** dbt's `results` of an on-run-end hook: one for each node that was run, with the node as the manifest has it. */
export function resultsValue(project: Project, results: readonly FinishedNode[]): Value {
  const context: ManifestContext = {
    project,
    createdAt: 0,
    macros: new ManifestMacros(project),
    compiled: (id) =>
      results.some(({ uniqueId, compiled }) => compiled && uniqueId === id) ? sqlOf(project, id) : null,
  };
  return results.map((result) => resultValue(result, fromJs(nodeOf(result, context))));
}

function sqlOf(project: Project, id: string): string | null {
  const model = project.models.find(({ uniqueId }) => uniqueId === id);
  if (model !== undefined) return compile(project, model, qualified);
  const test = project.tests.find(({ uniqueId }) => uniqueId === id);
  return test === undefined || test.problem !== null ? null : test.sql(qualified);
}

function nodeOf(result: FinishedNode, context: ManifestContext): Readonly<Record<string, unknown>> {
  const { uniqueId, name, resourceType, compiled, relationName } = result;
  const { models, seeds, tests } = context.project;
  const of = <T extends { readonly uniqueId: string }>(all: readonly T[]): T | undefined =>
    all.find((one) => one.uniqueId === uniqueId);
  const [model, seed, test] = [of(models), of(seeds), of(tests)];
  const known =
    model !== undefined
      ? modelNode(model, context)
      : seed !== undefined
        ? seedNode(seed, context)
        : test !== undefined
          ? testNode(test, context)
          : {};
  const own = { name, unique_id: uniqueId, resource_type: resourceType, relation_name: relationName };
  return { ...own, ...known, compiled };
}

function resultValue(result: FinishedNode, node: Value): Value {
  const { status, message, failures, seconds, adapterResponse, startedAt, completedAt } = result;
  const timing =
    status === 'skipped' ? [] : [timed('compile', startedAt, startedAt), timed('execute', startedAt, completedAt)];
  const entries: Record<string, Value> = {
    status,
    timing,
    thread_id: 'Thread-1 (worker)',
    execution_time: fromJs(seconds),
    adapter_response: fromJs(adapterResponse),
    message,
    failures: fromJs(failures),
    node,
    batch_results: null,
  };
  return new Thing(
    'result',
    { ...entries, to_dict: () => new Map<Value, Value>(Object.entries(entries)) },
    { text: () => `RunResult(status=${status}, node=${result.uniqueId})` },
  );
}

function timed(name: string, from: string, to: string): Value {
  const at = (time: string): Value => new PythonDatetime(BigInt(Date.parse(time)) * 1000n, null);
  return new Thing('timing', { name, started_at: at(from), completed_at: at(to) }, { text: () => name });
}

/** dbt's `schemas` and `database_schemas`: where the relations are that a command has not failed to make. */
export function schemasOf(project: Project, results: readonly FinishedNode[]): readonly string[] {
  const relations = new Map([...project.models, ...project.seeds].map(({ uniqueId, schema }) => [uniqueId, schema]));
  const made = results.filter(({ status }) => !['error', 'fail', 'skipped'].includes(status));
  return [...new Set(made.flatMap(({ uniqueId }) => relations.get(uniqueId) ?? []))];
}

/** `database_schemas`. */
export function databaseSchemas(schemas: readonly string[]): Value {
  return schemas.map((schema) => tuple(DATABASE, schema));
}
