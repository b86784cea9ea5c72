import { visibleValues } from '../../maintenance/aggregate-state.ts';
import type { MaintenancePlan } from '../../maintenance/maintenance-plan.ts';
import type { Project } from '../../project/project-contract.ts';
import type { Connection } from '../../warehouse/connection.ts';
import { idents, qualified } from '../../warehouse/sql.ts';
import { positions } from '../checkpoint-publisher.ts';
import { compareTables, NO_ROWS } from '../compare-tables.ts';
import { undecidedColumns } from './undecided-columns.ts';
import type { TableVerification, Verification, VerifyOptions } from './verification.ts';
import { type ReplayWork, verifyByReplay } from './verify-replay.ts';
import { type Standing, standingsOf, withUpstream } from './verify-standings.ts';

export type { Verification, VerifyOptions } from './verification.ts';

/** What a warehouse is verified with: its project, and for a replay of the log all that an edition is kept with. */
export interface VerifyWork extends ReplayWork {
  readonly project: Project;
  readonly plans: readonly MaintenancePlan[];
}

/**
 * Compares what is stored with what it should be, in one snapshot: the connection has a transaction for as long as it takes,
 * and whoever writes goes on meanwhile. Nothing is changed. LOG_HISTORY_GONE and
 * LOG_OFFSET_OUT_OF_RANGE when the log does not hold what a replay needs.
 *
 * @param leave ends it, too: the holder of the warehouse has to close it
 * @param begun called once there is the snapshot; it may throw
 */
export async function verifyWarehouse(
  connection: Connection,
  work: VerifyWork,
  options: VerifyOptions,
  leave: AbortSignal | null,
  begun: () => void,
): Promise<Verification> {
  const { project, plans } = work;
  const selected = new Set(
    (options.models?.map((name) => project.model(name)) ?? project.models).map(({ name }) => name),
  );
  const signal = AbortSignal.any([options.signal, leave ?? undefined].filter((one) => one !== undefined));
  using _interrupting = connection.interruptOn(signal);
  try {
    return await connection.transaction(async () => {
      const checkpoint = await positions(connection);
      begun();
      const standings = await standingsOf(connection, project, plans);
      const from = options.chaos === undefined ? (options.from ?? 'raw') : 'log';
      const { tables, replays } =
        from === 'raw'
          ? { tables: await verifyStored(connection, plans, standings, selected), replays: [] }
          : await verifyByReplay(connection, { ...work, ...options, signal }, standings, selected);
      const different = [...tables, ...replays].some(({ status }) => status === 'different');
      const seed = options.chaos?.seed ?? null;
      return { from, status: different ? 'different' : 'equal', checkpoint, tables, seed, replays };
    });
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  }
}

/**
 * Each model against its SELECT over the tables it reads, as they are stored. Those that the selected models are made from
 * are compared, too: when all of them equal their SELECTs, they equal the models over the raw tables, and so over the
 * records before the checkpoint.
 */
async function verifyStored(
  connection: Connection,
  plans: readonly MaintenancePlan[],
  standings: readonly Standing[],
  selected: ReadonlySet<string>,
): Promise<TableVerification[]> {
  const wanted = withUpstream(plans, selected);
  const done: TableVerification[] = [];
  /** Why what reads a model is not known to be right. */
  const doubtful = new Map<string, string>();
  for (const standing of standings) {
    const { plan } = standing;
    if (!wanted.has(plan.model)) continue;
    const about = { selected: selected.has(plan.model), recordsBehind: 0 };
    const why = standing.problem ?? behindReason(standing);
    if (why !== null) {
      const { recordsBehind } = standing;
      const rows = standing.rows ?? 0;
      const entry = { ...NO_ROWS, ...about, rows, recordsBehind, status: 'not compared', reason: why } as const;
      done.push({ name: plan.model, kind: 'model', ...entry });
      doubtful.set(plan.model, 'is not compared');
      continue;
    }
    const reason = plan.reads.flatMap(({ name }) => {
      const doubt = doubtful.get(name);
      return doubt === undefined ? [] : [`over ${name} as it is stored, which ${doubt}`];
    });
    const parts = [await compareModel(connection, standing), ...(await compareStates(connection, plan))];
    for (const part of parts) done.push({ ...about, ...part, reason: part.reason ?? reason[0] ?? null });
    if (parts.some(({ status }) => status === 'different')) doubtful.set(plan.model, 'is different');
    else if (reason.length > 0) doubtful.set(plan.model, 'is made from such a table');
  }
  return done;
}

type Part = Omit<TableVerification, 'selected' | 'recordsBehind'>;

async function compareModel(connection: Connection, { plan, rows }: Standing): Promise<Part> {
  const about = { name: plan.model, kind: 'model' } as const;
  if (rows === null) return { ...NO_ROWS, ...about, status: 'different', reason: 'its table is not there' };
  const { schema, identifier } = plan.relation;
  const table = qualified(schema, identifier);
  const stored = { connection, sql: `select * from ${table}` };
  const expected = { connection, sql: plan.fullSql };
  const compared = await compareTables(stored, expected, { key: plan.key, sums: true });
  const open = undecidedColumns(plan);
  if (open === null || compared.status === 'equal' || compared.reason !== null) return { ...about, ...compared };
  if (open.names.length === plan.columns.length) {
    const reason = `its SQL does not decide which rows it has: ${open.why}`;
    return { ...NO_ROWS, ...about, rows, status: 'not compared', reason };
  }
  const decided = (from: string): string => `select * exclude (${idents(open.names)}) from ${from}`;
  const others = await compareTables(
    { connection, sql: decided(table) },
    { connection, sql: decided(`(\n${plan.fullSql}\n)`) },
    { key: plan.key.filter((column) => !open.names.includes(column)), sums: true },
  );
  const where = `${compared.stored} ${compared.stored === 1 ? 'row' : 'rows'}`;
  const reason = `${open.names.join(', ')} not compared in ${where}, since the SQL does not decide: ${open.why}`;
  return { ...about, ...(others.status === 'equal' ? { ...others, reason } : compared) };
}

async function compareStates(connection: Connection, plan: MaintenancePlan): Promise<Part[]> {
  const parts: Part[] = [];
  for (const state of plan.states) {
    const { visible, whole, keys } = visibleValues(state);
    const compared = await compareTables(
      { connection, sql: visible },
      { connection, sql: whole },
      { key: keys, sums: false },
    );
    parts.push({ name: `${plan.model} (${state.relation.name})`, kind: 'state', ...compared });
  }
  return parts;
}

/** Why a model cannot be compared with its SELECT over tables that are ahead of it. */
function behindReason({ plan, state, recordsBehind }: Standing): string | null {
  if (recordsBehind === 0) return null;
  const records = `${recordsBehind} ${recordsBehind === 1 ? 'record' : 'records'} behind`;
  const replay = '--from log compares it where it stands';
  if (plan.upkeep === 'compaction') return `kept by compaction, ${records}; lens compact brings it up, ${replay}`;
  return state === 'catching-up' ? `catching up in bulk, ${records}; ${replay}` : `${records}; ${replay}`;
}
