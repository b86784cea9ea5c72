import type { ErrorCode } from '../../core/errors.ts';
import { compile } from '../../project/compile.ts';
import { faultMessage, isOfTemplate } from '../../project/faulty-models.ts';
import type { Model, Project } from '../../project/project-contract.ts';
import { qualified, withDatabase } from '../../project/relation-naming.ts';
import { runtimeError } from './data-test-outcome.ts';
import type { ModelCost } from '../models/model-costs.ts';
import type { NodeResult, NodeStart } from './node-results.ts';
import type { ModelStatus } from '../operations.ts';

/** A model as lines name it, in dbt's words. */
export function modelStart({ uniqueId, name, path, materialized, schema, alias }: Model): NodeStart {
  const description = `sql ${materialized} model ${schema}.${alias}`;
  return { uniqueId, resourceType: 'model', name, description, path };
}

export interface ModelOutcomes {
  readonly project: Project;
  /** Where all models stand when the work is done. */
  readonly statuses: readonly ModelStatus[];
  /** Their upkeep since the command began. */
  readonly costs: ReadonlyMap<string, ModelCost>;
  readonly startedAt: string;
  /** Models that are not kept, with the reason. */
  readonly leftOut: ReadonlyMap<string, string>;
}

/** What can be wrong with a model in dbt as well, which has no codes; what cannot is told with its code. */
const KNOWN_TO_DBT: ReadonlySet<ErrorCode> = new Set([
  'MODEL_SQL_INVALID',
  'MODEL_RENDER_FAILED',
  'MODEL_UNKNOWN_REF',
  'MODEL_CONTRACT_BROKEN',
]);

/** What a command did to a model, by where it stands after it: one that reads a failed one is skipped, since it stands still with it. */
export function modelResult(model: Model, { project, statuses, costs, startedAt, leftOut }: ModelOutcomes): NodeResult {
  const start = modelStart(model);
  const states = new Map(statuses.map((status) => [status.name, status]));
  const status = states.get(model.name);
  const above = failedAbove(project, model, states);
  const cost = costs.get(model.name);
  const rebuilt = (cost?.rebuilds ?? 0) > 0;
  const result = {
    ...start,
    failures: null,
    seconds: ((cost?.milliseconds ?? 0) + (cost?.rebuildMilliseconds ?? 0)) / 1000,
    rowsChanged: model.materialized === 'view' || rebuilt ? null : (cost?.rowsChanged ?? 0),
    startedAt,
    completedAt: new Date().toISOString(),
    compiledCode: hasSql(project, model.name) ? compile(project, model, qualified) : null,
    compiledPath: `${model.packageName}/${model.path}`,
    relationName: withDatabase(model.schema, model.alias),
  };
  const fault = project.faulty.get(model.name);
  if (fault !== undefined) {
    const hint = fault.hint === undefined ? '' : `\nhint: ${fault.hint}`;
    const code = KNOWN_TO_DBT.has(fault.code) ? '' : `${fault.code}: `;
    const message = runtimeError(start, fault, code + faultMessage(model.name, fault) + hint);
    return { ...result, status: 'error', message, rowsChanged: null, adapterResponse: {}, remarks: [] };
  }
  const why = leftOut.get(model.name);
  if (why !== undefined) {
    return { ...result, status: 'skipped', message: null, rowsChanged: null, adapterResponse: {}, remarks: [why] };
  }
  if (above !== null) {
    const remarks = [`${above}, which it follows from, failed: its rows are as they were before`];
    return { ...result, status: 'skipped', message: null, adapterResponse: {}, remarks };
  }
  if (status?.state === 'failed') {
    const reason = (status.reason ?? 'its SQL failed on data').replace(`model ${model.name} failed: `, '');
    const message = runtimeError(start, new Error(reason));
    return { ...result, status: 'error', message, adapterResponse: {}, remarks: [] };
  }
  return { ...result, status: 'success', message: 'OK', adapterResponse: responseOf(cost), remarks: [] };
}

/** That of a model that cannot be built is there, too, unless its template raises. */
function hasSql({ waiting, faulty }: Project, name: string): boolean {
  const fault = faulty.get(name);
  return fault === undefined ? !waiting.has(name) : !isOfTemplate(fault);
}

/** dbt's keys, and whether all rows were made anew. */
function responseOf(cost: ModelCost | undefined): NodeResult['adapterResponse'] {
  if (cost === undefined) return { _message: 'OK' };
  const rebuilt = cost.rebuilds > 0;
  return { _message: 'OK', rows_affected: rebuilt ? cost.rebuildRows : cost.rowsChanged, rebuilt };
}

/** A failed model that a model follows from, the nearest to the sources; null when there is none. */
function failedAbove(project: Project, model: Model, states: ReadonlyMap<string, ModelStatus>): string | null {
  for (const name of model.dependsOn.models) {
    const above = project.model(name);
    const further = failedAbove(project, above, states);
    if (further !== null) return further;
    if (states.get(name)?.state === 'failed') return name;
  }
  return null;
}
