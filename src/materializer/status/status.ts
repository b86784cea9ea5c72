import path from 'node:path';
import { type LensError, messageOf } from '../../core/errors.ts';
import type { EventLog, PartitionOffsets } from '../../log/event-log.ts';
import type { MaintenancePlan } from '../../maintenance/maintenance-plan.ts';
import type { Project } from '../../project/project-contract.ts';
import type { Connection } from '../../warehouse/connection.ts';
import { qualified } from '../../warehouse/sql.ts';
import { exists } from '../build-models.ts';
import { type CheckpointEntry, readCheckpoint } from '../checkpoint.ts';
import { readEditions } from '../editions-file.ts';
import type { LagRow, ModelState, ModelStatus, WarehouseState, WarehouseStatus } from '../operations.ts';
import { answerStatus } from './answer-status.ts';
import type { RawTable } from '../raw-tables.ts';
import { seedStatus, type SeedTable } from '../seeds/seed-tables.ts';

/** What of a warehouse is shown; an edition has it. */
export interface Shown {
  readonly path: string;
  readonly plans: readonly MaintenancePlan[];
  readonly tables: readonly RawTable[];
  readonly seeds: readonly SeedTable[];
  /** Seeds that cannot be loaded and have no table, by name. */
  readonly broken: ReadonlyMap<string, LensError>;
}

/** What the warehouse holds and how far it is, read on a connection of its own. */
export async function warehouseStatus(
  connection: Connection,
  { path: file, plans, tables, seeds, broken }: Shown,
  project: Project,
  log: EventLog,
  topics: readonly string[],
): Promise<WarehouseStatus> {
  const checkpoint = await readCheckpoint(connection);
  const models = await modelStatuses(connection, plans, project);
  const { lag, logProblem } = await lagOf(log, topics, checkpoint);
  const [compaction] = await connection.rows<{ at: string | null }>(
    `select strftime(max(finished_at), '%Y-%m-%dT%H:%M:%S.%gZ') as at from lens.compactions`,
  );
  const { live, previous, named } = readEditions(path.dirname(file));
  const states = new Set(models.map((model) => model.state));
  return {
    project: project.name,
    log: log.description,
    warehouse: file,
    service: false,
    state: broken.size > 0 || project.faulty.size > 0 ? 'failed' : stateOfAll(states, lag),
    recordsApplied: checkpoint.reduce((sum, entry) => sum + entry.nextOffset - entry.firstOffset, 0),
    deadLetters: await connection.number(`select count(*) from lens.dead_letters where status = 'open'`),
    lag,
    logProblem,
    checkpoint: checkpoint.map(({ topic, partition, nextOffset }) => ({ topic, partition, nextOffset })),
    models,
    rawTables: await Promise.all(
      tables.map(async ({ name, schema, contract, relation }) => {
        const there = await exists(connection, { name, schema, identifier: name }, 'BASE TABLE');
        const rows = there ? await connection.number(`select count(*) from ${relation}`) : 0;
        return { name, topic: contract.name, rows };
      }),
    ),
    seeds: [
      ...(await Promise.all(seeds.map((seed) => seedStatus(connection, seed, project.dir)))),
      ...[...broken].map(([name, { place = '', message: problem }]) => {
        return { name, path: place.replace(/:\d+$/, ''), rows: 0, changed: true, problem };
      }),
    ],
    answers: await answerStatus(connection, project),
    waiting: [...project.waiting].map(([name, reason]) => ({ name, reason, faulty: project.faulty.has(name) })),
    lastCompaction: compaction?.at ?? null,
    editions: { live, previous, named: named.map(({ name }) => name) },
  };
}

async function lagOf(
  log: EventLog,
  topics: readonly string[],
  checkpoint: readonly CheckpointEntry[],
): Promise<{ lag: number | null; logProblem: string | null }> {
  try {
    const rows = lagRows('', await log.offsets(topics), checkpoint);
    return { lag: rows.reduce((sum, row) => sum + row.lag, 0), logProblem: null };
  } catch (error) {
    return { lag: null, logProblem: messageOf(error) };
  }
}

function stateOfAll(models: ReadonlySet<ModelState>, lag: number | null): WarehouseState {
  if (models.has('failed')) return 'failed';
  if (models.has('catching-up')) return 'catching-up';
  if (lag === null) return 'unknown';
  return lag > 0 || models.has('behind') ? 'behind' : 'current';
}

/** A stored model as its record in the warehouse has it. */
export interface StoredModel {
  readonly name: string;
  readonly state: 'current' | 'catching-up' | 'failed';
  readonly error: string | null;
  readonly updatedAt: string | null;
  /** Records between the model's own checkpoint and the warehouse's. */
  readonly recordsBehind: number;
}

export function storedModels(connection: Connection): Promise<StoredModel[]> {
  return connection.rows<StoredModel>(
    `select name, state, error, strftime(updated_at, '%Y-%m-%dT%H:%M:%S.%gZ') as "updatedAt",
       coalesce(behind, 0)::bigint as "recordsBehind"
     from lens.models
     left join (
       select own.model, sum(c.next_offset - coalesce(m.next_offset, c.first_offset)) as behind
       -- those with a checkpoint of their own; built before the first partition was known, it has no rows
       from (select name as model from lens.models where upkeep = 'compaction' or state <> 'current') own
       cross join lens.checkpoint c
       left join lens.model_checkpoint m on m.model = own.model and m.topic = c.topic and m.partition = c.partition
       group by own.model
     ) b on b.model = models.name`,
  );
}

/** Every model of the project with its state and rows, in dependency order. */
export async function modelStatuses(
  connection: Connection,
  plans: readonly MaintenancePlan[],
  project: Project,
): Promise<ModelStatus[]> {
  const stored = await storedModels(connection);
  return Promise.all(
    plans.map(async (plan) => {
      const record = stored.find((s) => s.name === plan.model);
      const view = plan.upkeep === 'view';
      // A model that failed when it was first built has no table.
      const rows = !(await exists(connection, plan.relation, 'BASE TABLE'))
        ? null
        : await connection.number(`select count(*) from ${qualified(plan.relation.schema, plan.relation.identifier)}`);
      return {
        name: plan.model,
        materialized: project.model(plan.model).materialized,
        strategy: plan.strategy,
        upkeep: plan.upkeep,
        state: view ? 'view' : stateOf(record),
        reason: record?.error ?? plan.reason,
        rows,
        recordsBehind: view ? 0 : (record?.recordsBehind ?? 0),
        updatedAt: view ? null : (record?.updatedAt ?? null),
      };
    }),
  );
}

function stateOf(record: StoredModel | undefined): ModelState {
  if (record === undefined) return 'catching-up';
  return record.state === 'current' && record.recordsBehind > 0 ? 'behind' : record.state;
}

/** How many records were ever applied, and how many of them are dead letters. */
export async function appliedRecords(connection: Connection): Promise<{ records: number; deadLetters: number }> {
  return {
    records: await connection.number('select sum(next_offset - first_offset) from lens.checkpoint'),
    deadLetters: await connection.number(`select count(*) from lens.dead_letters where status = 'open'`),
  };
}

/** One row per partition, in the columns of kafka-consumer-groups.sh. */
export function lagRows(
  group: string,
  ends: readonly PartitionOffsets[],
  checkpoint: readonly { readonly topic: string; readonly partition: number; readonly nextOffset: number }[],
): LagRow[] {
  return ends.map(({ topic, partition, low, end }) => {
    const entry = checkpoint.find((c) => c.topic === topic && c.partition === partition);
    return {
      group,
      topic,
      partition,
      currentOffset: entry?.nextOffset ?? null,
      logEndOffset: end,
      lag: Math.max(0, end - (entry?.nextOffset ?? low)),
    };
  });
}
