import { plainText } from '../../maintenance/analysis/text.ts';
import { createTemporary, temporary } from '../../maintenance/change-set.ts';
import type { MaintenancePlan, PlanInput } from '../../maintenance/maintenance-plan.ts';
import type { Planner } from '../../maintenance/planner.ts';
import { restrictedInputs } from '../../maintenance/restricted-inputs.ts';
import { collectKeys, type TouchedKeys } from '../../maintenance/touched-keys.ts';
import type { Connection } from '../../warehouse/connection.ts';
import { ident, idents, qualified, sameRow } from '../../warehouse/sql.ts';
import { type NamedTable, relationOf } from './asked-rows.ts';
import type { InputTables } from '../input-tables.ts';
import type { RawTable } from '../raw-tables.ts';
import { seedRows } from './seed-rows.ts';
import type { StoredModel } from '../status/status.ts';
import type { WhyRecord, WhyRow, WhyTable } from './why-contract.ts';

/** A named row of a raw table, whose records are still to be found. */
export type RawRow = WhyRow & { records: WhyRecord[]; gone: (string | null)[] };

/** Rows of a raw table that are named somewhere in an answer. */
export interface RawRows {
  readonly table: RawTable;
  readonly rows: readonly RawRow[];
  /** A temporary table with the whole rows, the i-th with `lens_row = i`; null for a table without a key. */
  readonly whole: string | null;
}

export interface Tables {
  /** Tells how models follow from what they read. */
  readonly planner: Planner;
  readonly inputs: InputTables;
  readonly stored: ReadonlyMap<string, StoredModel>;
}

/** One way in which a table is read: where its rows come from, and how they belong to the rows above. */
interface Reading {
  /** A SELECT of whole rows. */
  readonly rows: string;
  readonly by: readonly string[];
  /** The columns that count; they say which row it is, where the table has no key. */
  readonly columns: readonly string[];
  readonly asked: boolean;
}

/**
 * Goes from rows of a table down to the rows that they follow from: each input of a model restricted to what its keys need, as
 * upkeep restricts it. Everything on one connection and in the caller's transaction, so in one snapshot; nothing but
 * temporary tables is written.
 */
export class Lineage {
  /** The raw tables' rows in the answer. */
  readonly rawRows: RawRows[] = [];
  readonly #connection: Connection;
  readonly #tables: Tables;
  readonly #limit: string;
  /** Temporary tables with the rows of a table, by its name, the columns that are in them and those that count. */
  readonly #named = new Map<string, string[]>();
  #count = 0;

  /** @param limit how many rows of each table are named; 0 for all */
  constructor(connection: Connection, tables: Tables, limit: number) {
    this.#connection = connection;
    this.#tables = tables;
    this.#limit = limit === 0 ? '' : `limit ${limit}`;
  }

  /** The rows of a table that meet a condition, and what they follow from. */
  asked(table: NamedTable, condition: string): Promise<WhyTable> {
    const rows = `select * from ${relationOf(table)} where ${condition}`;
    return this.#rows(table, { rows, by: [], columns: ['*'], asked: true });
  }

  async #rows(table: NamedTable, reading: Reading): Promise<WhyTable> {
    const id = `why_${this.#count++}`;
    const rows = temporary('keys', id);
    const key = keyOf(table);
    const shown = key.length > 0 ? idents(key) : reading.columns.includes('*') ? '*' : idents(reading.columns);
    await this.#connection.run(createTemporary(rows, `select ${shown} from (${reading.rows})`));
    const total = await this.#connection.number(`select count(*) from ${rows}`);
    const base = { ...this.#describe(table), total, by: reading.by, whole: null, above: false };
    if (
      await this.#namedAbove(
        `${table.name} ${shown} ${table.kind === 'raw table' || table.kind === 'seed' ? '' : idents(reading.columns)}`,
        rows,
      )
    ) {
      return { ...base, above: true, rows: [], more: 0, inputs: [] };
    }
    const distinct = await this.#connection.number(`select count(*) from (select distinct * from ${rows})`);
    if (table.kind === 'raw table') {
      const named = await this.#rawRows(table.raw, rows, id, reading.asked);
      return { ...base, rows: named, more: distinct - named.length, inputs: [] };
    }
    if (table.kind === 'seed') {
      const named = await seedRows(this.#connection, table.seed, rows, this.#limit);
      return { ...base, rows: named, more: distinct - named.length, inputs: [] };
    }
    const order = key.length > 0 ? idents(key) : 'all';
    const named = reading.asked
      ? await this.#connection.jsonRows(`${reading.rows} order by ${order} ${this.#limit}`)
      : await this.#connection.jsonRows(`select distinct * from ${rows} order by all ${this.#limit}`);
    const one = (row: Record<string, unknown>): WhyRow =>
      reading.asked ? { key: key.length > 0 ? only(row, key) : row, row } : { key: row };
    const more = (reading.asked ? total : distinct) - named.length;
    return { ...base, rows: named.map(one), more, inputs: await this.#inputs(table.plan, rows, id) };
  }

  /** What rows of a model follow from: the temporary table has their keys. */
  async #inputs(plan: MaintenancePlan, rows: string, id: string): Promise<WhyTable[]> {
    const byKeys = plan.strategy === 'recompute keys' && plan.key.length > 0;
    const query = `select ${idents(plan.key)} from ${rows}`;
    const keys = byKeys ? await collectKeys(this.#connection, { ...plan, model: id }, [query]) : null;
    const inputs: WhyTable[] = [];
    for (const input of plan.inputs) {
      const whole = byKeys ? input.whole : (plan.reason ?? input.whole ?? 'it is not kept by keys');
      if (whole !== null) inputs.push(await this.#whole(input, whole));
      else if (keys !== null) inputs.push(await this.#restricted(plan, input, keys));
    }
    return inputs;
  }

  async #restricted(plan: MaintenancePlan, input: PlanInput, keys: TouchedKeys): Promise<WhyTable> {
    const rows = `with ${restrictedInputs(plan, keys).join(',\n')}\nselect * from ${ident(input.alias)}`;
    const by = [...new Set(input.uses.map(({ values }) => values.map(plainText).join(', ')))];
    return this.#rows(await this.#tableOf(input), { rows, by, columns: input.columns, asked: false });
  }

  async #whole(input: PlanInput, whole: string): Promise<WhyTable> {
    const { schema, identifier } = input.relation;
    const total = await this.#connection.number(`select count(*) from ${qualified(schema, identifier)}`);
    const table = await this.#tableOf(input);
    return { ...this.#describe(table), total, by: [], whole, above: false, rows: [], more: 0, inputs: [] };
  }

  /** An input, as far as the columns go that are read of it: what the others follow from does not matter. */
  async #tableOf({ relation: { name }, columns }: PlanInput): Promise<NamedTable> {
    const { planner, inputs } = this.#tables;
    const raw = inputs.tables.find((one) => one.name === name);
    if (raw !== undefined && !planner.plans.some(({ model }) => model === name))
      return { kind: 'raw table', name, raw };
    const seed = inputs.seeds.find((one) => one.name === name);
    if (seed !== undefined && !planner.plans.some(({ model }) => model === name)) return { kind: 'seed', name, seed };
    const { key } = await planner.lineage(name, null);
    return { kind: 'model', name, plan: await planner.lineage(name, [...columns, ...key]) };
  }

  #describe(table: NamedTable): Pick<WhyTable, 'name' | 'kind' | 'topic' | 'recordsBehind' | 'problem'> {
    const { name, kind } = table;
    const stored = kind === 'model' ? this.#tables.stored.get(name) : undefined;
    const problem = stored === undefined || stored.state === 'current' ? null : (stored.error ?? stored.state);
    const topic = table.kind === 'raw table' ? table.raw.contract.name : null;
    return { name, kind, topic, recordsBehind: stored?.recordsBehind ?? 0, problem };
  }

  /** Whether one place above has all these rows of the table already; otherwise this place has them from now on. */
  async #namedAbove(name: string, rows: string): Promise<boolean> {
    const before = this.#named.get(name) ?? [];
    for (const other of before) {
      const more = await this.#connection.number(
        `select count(*) from (select * from ${rows} except select * from ${other})`,
      );
      if (more === 0) return true;
    }
    this.#named.set(name, [...before, rows]);
    return false;
  }

  async #rawRows(table: RawTable, rows: string, id: string, asked: boolean): Promise<RawRow[]> {
    const { contract, relation } = table;
    if (contract.mode === 'append') {
      const values = await this.#connection.jsonRows(
        `select *, count(*) as lens_copies from ${rows} group by all order by all ${this.#limit}`,
      );
      const named = values.map(({ lens_copies: copies, ...key }) => ({
        key,
        copies: Number(copies),
        records: [],
        gone: [],
      }));
      this.rawRows.push({ table, rows: named, whole: null });
      return named;
    }
    const whole = temporary('old', id);
    const key = contract.tableKey;
    await this.#connection.run(
      createTemporary(
        whole,
        `with k as (select distinct * from ${rows} order by all ${this.#limit})
         select t.*, row_number() over (order by ${idents(key, 't.')}) - 1 as lens_row
         from ${relation} t semi join k on ${sameRow('t', 'k', key)}`,
      ),
    );
    const columns = asked ? '* exclude (lens_row)' : idents(key);
    const values = await this.#connection.jsonRows(`select ${columns} from ${whole} order by lens_row`);
    const named = values.map((row) => ({ key: only(row, key), ...(asked ? { row } : {}), records: [], gone: [] }));
    this.rawRows.push({ table, rows: named, whole });
    return named;
  }
}

/** The columns that name a table's rows; empty where there are none. */
function keyOf(table: NamedTable): readonly string[] {
  if (table.kind === 'seed') return table.seed.file.columns.map(({ name }) => name);
  if (table.kind !== 'raw table') return table.plan.strategy === 'recompute keys' ? table.plan.key : [];
  return table.raw.contract.mode === 'append'
    ? table.raw.contract.columns.map(({ name }) => name)
    : table.raw.contract.tableKey;
}

function only(row: Readonly<Record<string, unknown>>, columns: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(columns.map((column) => [column, row[column]]));
}
