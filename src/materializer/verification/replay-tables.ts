import { stateTables } from '../../maintenance/aggregate-state.ts';
import type { MaintenancePlan, Relation } from '../../maintenance/maintenance-plan.ts';
import type { Connection } from '../../warehouse/connection.ts';
import { qualified } from '../../warehouse/sql.ts';
import { exists } from '../build-models.ts';
import { compareTables, NO_ROWS } from '../compare-tables.ts';
import { failedModels } from '../models/model-states.ts';
import type { RawTable } from '../raw-tables.ts';
import { undecidedColumns } from './undecided-columns.ts';
import type { TableVerification } from './verification.ts';
import type { Standing } from './verify-standings.ts';

/** A table that a replay of the same records must give again. */
export interface ReplayTable {
  readonly name: string;
  readonly kind: TableVerification['kind'];
  readonly relation: Relation;
  readonly key: readonly string[];
  /** The model that it belongs to; null for a raw table. */
  readonly standing: Standing | null;
  /** The topics whose records it follows from. */
  readonly topics: ReadonlySet<string>;
  /** Why a replay need not give the same rows; null when it must. */
  readonly unsteady: string | null;
}

/** The raw tables, then the selected models with their states in dependency order. */
export function replayTables(
  raw: readonly RawTable[],
  plans: readonly MaintenancePlan[],
  standings: readonly Standing[],
  selected: ReadonlySet<string>,
): ReplayTable[] {
  const found: ReplayTable[] = [];
  const topicsOf = new Map<string, ReadonlySet<string>>();
  const unsteady = new Map<string, string>();
  for (const { name, schema, contract } of raw) {
    const topics = new Set([contract.name]);
    topicsOf.set(name, topics);
    const relation = { name, schema, identifier: name };
    const key = contract.mode === 'append' ? [] : contract.tableKey;
    found.push({ name, kind: 'raw', relation, key, standing: null, topics, unsteady: null });
  }
  for (const plan of plans) {
    const standing = standings.find((one) => one.plan === plan);
    const topics = new Set(plan.reads.flatMap(({ name }) => [...(topicsOf.get(name) ?? [])]));
    const above = plan.reads.find(({ name }) => unsteady.has(name));
    const [unstable] = plan.nondeterministic;
    if (unstable !== undefined) unsteady.set(plan.model, `${unstable.call} gives another value each time`);
    else if (above !== undefined) unsteady.set(plan.model, `reads ${above.name}, which is not the same each time`);
    topicsOf.set(plan.model, topics);
    if (standing === undefined || !selected.has(plan.model)) continue;
    const about = { standing, topics, unsteady: unsteady.get(plan.model) ?? null };
    found.push({ ...about, name: plan.model, kind: 'model', relation: plan.relation, key: plan.key });
    for (const identifier of plan.states.flatMap(stateTables)) {
      const relation = { name: identifier, schema: 'lens', identifier };
      found.push({ ...about, name: `${plan.model} (${identifier})`, kind: 'state', relation, key: [] });
    }
  }
  return found;
}

/** Compares a table of one warehouse, whose connection is inside a transaction, with the same table of a replay. */
export async function compareWithReplay(
  table: ReplayTable,
  stored: Connection,
  replayed: Connection,
): Promise<Pick<TableVerification, 'status' | 'reason' | 'rows' | 'stored' | 'expected' | 'examples' | 'nearlyEqual'>> {
  const { relation, standing, kind } = table;
  const failure = (await failedModels(replayed)).find(({ name }) => name === standing?.plan.model);
  if (failure !== undefined) {
    return { ...NO_ROWS, status: 'different', reason: `fails on the replayed records: ${failure.message}` };
  }
  if (!(await exists(stored, relation, 'BASE TABLE'))) {
    return { ...NO_ROWS, status: 'different', reason: 'its table is not there' };
  }
  const sql = `select * from ${qualified(relation.schema, relation.identifier)}`;
  const sides = [
    { connection: stored, sql },
    { connection: replayed, sql },
  ] as const;
  const compared = await compareTables(sides[0], sides[1], { key: table.key, sums: kind === 'model' });
  const open = standing === null || kind !== 'model' ? null : undecidedColumns(standing.plan);
  if (compared.status === 'equal' || compared.reason !== null || open === null) return compared;
  return { ...compared, reason: `the SQL does not decide ${open.names.join(', ')}: ${open.why}` };
}
