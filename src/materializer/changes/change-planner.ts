import { createHash } from 'node:crypto';
import { requireNoneFaulty } from '../../project/faulty-models.ts';
import type { Connection } from '../../warehouse/connection.ts';
import { qualified } from '../../warehouse/sql.ts';
import { failedModel } from '../models/model-failed.ts';
import { editionPlans } from '../edition-plans.ts';
import { seedChanges } from './seed-changes.ts';
import { leftOutWords, type UsableProject, usableProject } from '../seeds/usable-seeds.ts';
import { storedModels } from '../status/status.ts';
import { storedFingerprint } from '../models/stored-fingerprint.ts';
import type { ChangePlan, ModelChange, RawTableChange } from './change-plan.ts';
import { DataComparison, type Planned } from './data-comparison.ts';
import { leftRelations, presentRelations } from './left-relations.ts';
import { definitionOf } from './model-definition.ts';
import { type BareChange, modelChanges } from './model-changes.ts';
import type { NextProject } from './next-project.ts';
import { rawTableChange } from './raw-table-change.ts';
import { BuildTimes } from './build-times.ts';
import { staleModels } from './stale-models.ts';
import { readStoredModels, relationId, type StoredModels } from './stored-models.ts';

export interface PlanOptions {
  /** Changes of these models only, by name; all without, those that are gone among them. */
  readonly models?: readonly string[] | undefined;
  /** Also how rows would differ, with at most so many examples of each kind. */
  readonly diff?: { readonly limit: number } | null | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * What would become of a warehouse with a project, in one snapshot; nothing of it is touched. Throws what opening it with that
 * project would: PROJECT_INVALID, MODEL_NOT_INCREMENTAL and the like; also what a start leaves behind, MODEL_SQL_INVALID and MODEL_RENDER_FAILED.
 */
export async function planChanges(
  connection: Connection,
  next: NextProject,
  options: PlanOptions = {},
): Promise<ChangePlan> {
  const signal = options.signal ?? new AbortController().signal;
  using _interrupting = connection.interruptOn(signal);
  const failed = new Map<string, string>();
  try {
    requireNoneFaulty(next.project);
    const usable = await usableProject(next.project, next.catalog, connection);
    for (;;) {
      try {
        await using comparison = options.diff ? await DataComparison.open(connection, options.diff.limit) : null;
        return await connection.transaction(() => planOnce(connection, usable, options, comparison, failed));
      } catch (error) {
        // What DuckDB refuses ends its transaction: the rest is compared in another one, without that model.
        const model = failedModel(error);
        if (model === null || failed.has(model)) throw error;
        failed.set(model, (error as Error).message);
      }
    }
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  }
}

async function planOnce(
  connection: Connection,
  usable: UsableProject,
  { models: selected }: PlanOptions,
  comparison: DataComparison | null,
  failed: ReadonlyMap<string, string>,
): Promise<ChangePlan> {
  const { project, inputs } = usable;
  const { plans } = await editionPlans(usable);
  const { tables } = inputs;
  const raw: RawTableChange[] = [];
  for (const table of tables) {
    const change = await rawTableChange(connection, table);
    if (change !== null) raw.push(change);
  }
  const replaced = raw.filter(({ change }) => change === 'landed again' || change === 'replay').map(({ name }) => name);
  const seeds = await seedChanges(connection, inputs.seeds);
  replaced.push(...seeds.map(({ name }) => name));
  const stored = await readStoredModels(connection);
  const stale = staleModels(project, plans, stored, new Set(replaced));
  const definitions = new Map(plans.map((plan) => [plan.model, definitionOf(project, plan)]));
  const left = leftRelations(stored, presentRelations(project, plans, tables));
  const bare = modelChanges(project, plans, definitions, stored, stale, left);
  const id = createHash('sha256')
    .update(JSON.stringify([bare, raw, seeds, plans.map((plan) => storedFingerprint(project, plan))]))
    .digest('hex');

  const times = await BuildTimes.read(connection);
  const behind = new Map((await storedModels(connection)).map((one) => [one.name, one.recordsBehind]));
  const isShown = ({ name }: BareChange): boolean => selected?.includes(name) ?? true;
  const changedSeeds = inputs.seeds.filter((seed) => seeds.some(({ name }) => name === seed.name));
  const planned: Planned = { project, plans, tables, raw, seeds: changedSeeds, stored, stale, failed };
  const models: ModelChange[] = [];
  for (const change of bare.filter(isShown)) {
    const rows = await rowsOf(connection, change, stored);
    const recordsBehind = change.kind === 'view' || change.cause === 'removed' ? 0 : (behind.get(change.name) ?? 0);
    const milliseconds =
      change.kind === 'view' || change.cause === 'removed' ? 0 : times.expected(change.renamed ?? change.name, rows);
    const data = comparison === null ? null : await comparison.compare(change, planned, recordsBehind);
    models.push({ ...change, rows, recordsBehind, milliseconds, data });
  }
  return {
    id,
    models,
    hidden: bare.filter((one) => !isShown(one)).map(({ name }) => name),
    rawTables: raw,
    seeds,
    leftOut: left.flatMap((one) => {
      const reason = project.leftOut.get(one.model);
      return reason === undefined ? [] : [{ name: one.model, reason }];
    }),
    notLoaded: leftOutWords(usable),
    unchanged: plans.map(({ model }) => model).filter((name) => !stale.has(name)),
    replay: raw.some(({ change }) => change === 'replay'),
  };
}

/** Rows stored now; null of what is not there, and of views. */
async function rowsOf(connection: Connection, { before }: BareChange, stored: StoredModels): Promise<number | null> {
  if (before === null || stored.relations.get(relationId(before)) !== 'BASE TABLE') return null;
  return connection.number(`select count(*) from ${qualified(before.schema, before.identifier)}`);
}
