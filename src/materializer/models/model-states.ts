import type { MaintenancePlan } from '../../maintenance/maintenance-plan.ts';
import type { Connection } from '../../warehouse/connection.ts';
import { text } from '../../warehouse/sql.ts';

/**
 * Where a stored model stands. `current`: equal to its SQL at its checkpoint (the warehouse's, or for a model kept by
 * compaction its own). `catching-up`: bulk landing went on without it; the next rebuild makes it current. `failed`: its
 * SQL failed on data; retried by rebuild at compaction, `lens run` and start.
 */
export type StoredState = 'current' | 'catching-up' | 'failed';

export interface ModelRecord {
  readonly name: string;
  readonly fingerprint: string;
  readonly state: StoredState;
  readonly error: string | null;
}

/** The stored models' records by name. */
export async function readModelRecords(connection: Connection): Promise<Map<string, ModelRecord>> {
  const rows = await connection.rows<ModelRecord>('select name, fingerprint, state, error from lens.models');
  return new Map(rows.map((row) => [row.name, row]));
}

/** The stored models whose state is `failed`, with the reason. */
export async function failedModels(connection: Connection): Promise<{ name: string; message: string }[]> {
  return connection.rows<{ name: string; message: string }>(
    "select name, coalesce(error, 'its SQL failed on data') as message from lens.models where state = 'failed' order by name",
  );
}

/** Writes a model's record anew: built or checked just now, inside the caller's transaction. */
export async function writeModelRecord(
  connection: Connection,
  plan: MaintenancePlan,
  record: Omit<ModelRecord, 'name'>,
): Promise<void> {
  await connection.run('delete from lens.models where name = ?', [plan.model]);
  const key = `[${plan.key.map(text).join(', ')}]::varchar[]`;
  await connection.run(`insert into lens.models values (?, ?, ?, ?, ?, ?, ?, now()::timestamp, ${key})`, [
    plan.model,
    record.fingerprint,
    plan.strategy,
    plan.upkeep,
    plan.reason,
    record.state,
    record.error,
  ]);
}

/**
 * Leaves a model behind at the checkpoint as it stands, before the batch at hand moves it. One that is behind already
 * keeps its own, older checkpoint.
 */
export async function leaveBehind(
  connection: Connection,
  model: string,
  state: Exclude<StoredState, 'current'>,
  error: string | null,
): Promise<void> {
  await connection.run(
    `insert into lens.model_checkpoint
       select ${text(model)}, topic, partition, next_offset from lens.checkpoint
       where not exists (select 1 from lens.model_checkpoint where model = ${text(model)})`,
  );
  await setState(connection, model, state, error);
}

/** A model equals its SQL at the warehouse's checkpoint now; one kept by compaction stays there while others go on. */
export async function atCheckpoint(connection: Connection, plan: MaintenancePlan): Promise<void> {
  await placeAtCheckpoint(connection, plan);
  await setState(connection, plan.model, 'current', null);
}

/** The same of a model whose record says already that it is current. */
export async function placeAtCheckpoint(connection: Connection, plan: MaintenancePlan): Promise<void> {
  const model = text(plan.model);
  await connection.run(`delete from lens.model_checkpoint where model = ${model}`);
  if (plan.upkeep === 'compaction') {
    await connection.run(
      `insert into lens.model_checkpoint select ${model}, topic, partition, next_offset from lens.checkpoint`,
    );
  }
}

async function setState(
  connection: Connection,
  model: string,
  state: StoredState,
  error: string | null,
): Promise<void> {
  await connection.run(
    `create or replace temp table lens_model as select * from lens.models where name = ${text(model)};
     delete from lens.models where name = ${text(model)}`,
  );
  await connection.run(
    `insert into lens.models by name
     select * replace (?::varchar as state, ?::varchar as error, now()::timestamp as updated_at) from lens_model`,
    [state, error],
  );
}
