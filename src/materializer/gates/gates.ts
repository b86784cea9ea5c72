import type { Changes, ChangeSet } from '../../maintenance/change-set.ts';
import { createTemporary, temporary } from '../../maintenance/change-set.ts';
import { freshInputs } from '../../maintenance/fresh-inputs.ts';
import type { GatePlan } from '../../maintenance/gate-plan.ts';
import type { MaintenancePlan } from '../../maintenance/maintenance-plan.ts';
import { restrictedSql } from '../../maintenance/recompute-keys.ts';
import { collectKeys, reachesAll, touchedKeyQueries } from '../../maintenance/touched-keys.ts';
import { qualified } from '../../project/compile.ts';
import type { Connection } from '../../warehouse/connection.ts';
import { ident, idents, sameRow } from '../../warehouse/sql.ts';
import { failedModels } from '../models/model-states.ts';
import type { RawTable } from '../raw-tables.ts';

/** What fails of a gate, for one value of the key by which its failing rows are found. */
export interface GateFailure {
  readonly gate: GatePlan;
  /** For people: `status = "shipped"`; of a gate that is run whole, how many rows fail. */
  readonly text: string;
  /** Rows of the tables it reads that the batch changed and that have the key. */
  readonly rows: readonly ChangedRow[];
}

export interface ChangedRow {
  readonly table: string;
  /** The values of the table's key, a JSON list. */
  readonly key: string;
}

/** What failed of some gates before a batch: only what is more than that is the batch's. */
export type Baselines = ReadonlyMap<GatePlan, 'fails' | 'counted'>;

const NO_BASELINES: Baselines = new Map();

/** The gates of an edition, as the transaction of a batch or of a compaction asks them. */
export class Gates {
  readonly #gates: readonly GatePlan[];
  /** Those that it was told of that they fail already. */
  readonly #told = new Set<GatePlan>();
  readonly #identity: ReadonlyMap<string, readonly string[]>;

  /** @param gates of batches, or of compactions */
  constructor(gates: readonly GatePlan[], plans: readonly MaintenancePlan[], tables: readonly RawTable[]) {
    this.#gates = gates;
    this.#identity = new Map([
      ...plans.filter((plan) => plan.uniqueKey).map((plan) => [plan.model, plan.key] as const),
      ...tables
        .filter(({ contract }) => contract.mode !== 'append')
        .map(({ name, contract }) => [name, contract.tableKey] as const),
    ]);
  }

  /** Whether a batch can be refused. */
  get any(): boolean {
    return this.#gates.length > 0;
  }

  /** All of them can be asked while models are left behind, as bulk landing does. */
  get rawOnly(): boolean {
    return this.#gates.every((gate) => gate.rawOnly);
  }

  /** Whether one reads that table or model. */
  reads(name: string): boolean {
    return this.#gates.some((gate) => readsOf(gate).has(name));
  }

  /**
   * Asks the gates that changes reach, inside their transaction and after the models. One that reads a model which is left
   * behind is not asked: its rows are not those of this checkpoint.
   */
  async check(
    connection: Connection,
    changes: Changes,
    behind: ReadonlySet<string>,
    baselines: Baselines = NO_BASELINES,
  ): Promise<GateFailure[]> {
    const failures: GateFailure[] = [];
    for (const gate of this.#gates) {
      const reads = readsOf(gate);
      if (reads.isDisjointFrom(changes) || !reads.isDisjointFrom(behind)) continue;
      failures.push(...(await this.#ask(connection, gate, changes, baselines.get(gate))));
    }
    return failures;
  }

  /** What fails over all rows of the gates that read one of these models, and none that is left behind. */
  async failing(
    connection: Connection,
    models: ReadonlySet<string>,
    behind: ReadonlySet<string>,
  ): Promise<GateFailure[]> {
    const failures: GateFailure[] = [];
    for (const gate of this.#gates) {
      const reads = readsOf(gate);
      if (reads.isDisjointFrom(models) || !reads.isDisjointFrom(behind)) continue;
      const text = await failingWhole(connection, gate);
      if (text !== null) failures.push({ gate, text, rows: [] });
    }
    return failures;
  }

  /** A sentence for each gate that fails already, the first time. */
  tellFailing(baselines: Baselines): string[] {
    const fresh = [...baselines.keys()].filter((gate) => !this.#told.has(gate));
    for (const gate of fresh) this.#told.add(gate);
    return fresh.map(
      ({ test, whole }) =>
        `gate ${test.name} fails on rows that landed before: ${whole === null ? 'only further failing rows are held back' : 'it holds nothing back until it passes again'}`,
    );
  }

  /** What fails of these gates in the last good state. */
  async baselines(connection: Connection, gates: Iterable<GatePlan>): Promise<Map<GatePlan, 'fails' | 'counted'>> {
    const found = new Map<GatePlan, 'fails' | 'counted'>();
    for (const gate of new Set(gates)) {
      if (gate.whole !== null) {
        if ((await failingWhole(connection, gate)) !== null) found.set(gate, 'fails');
        continue;
      }
      const { plan } = gate;
      const rows = await connection.number(
        createTemporary(
          beforeTable(plan),
          `select ${idents(plan.key)}, count(*) as lens_n from (\n${plan.fullSql}\n) group by all`,
        ),
      );
      if (rows > 0) found.set(gate, 'counted');
    }
    return found;
  }

  async #ask(
    connection: Connection,
    gate: GatePlan,
    changes: Changes,
    baseline: 'fails' | 'counted' | undefined,
  ): Promise<GateFailure[]> {
    const { plan } = gate;
    if (gate.whole !== null || reachesAll(plan, changes)) {
      const text = baseline === 'fails' ? null : await failingWhole(connection, gate);
      return text === null ? [] : [{ gate, text, rows: [] }];
    }
    const keys = await collectKeys(connection, plan, touchedKeyQueries(plan, changes));
    if (keys === null) return [];
    const fresh = await freshInputs(connection, plan, keys, changes);
    const failing = temporary('new', plan.model);
    const counted = `select ${idents(plan.key)}, count(*) as lens_n from (\n${restrictedSql(plan, keys, fresh.standIns)}\n) group by all`;
    const more =
      baseline === undefined
        ? counted
        : `select f.* from (${counted}) f left join ${beforeTable(plan)} b on ${sameRow('f', 'b', plan.key)}
           where f.lens_n > coalesce(b.lens_n, 0)`;
    const count = await connection.number(createTemporary(failing, more));
    return count === 0 ? [] : this.#rows(connection, gate, failing, changes);
  }

  /** The failing keys with the changed rows that have them. */
  async #rows(connection: Connection, gate: GatePlan, failing: string, changes: Changes): Promise<GateFailure[]> {
    const { plan } = gate;
    const list = (alias: string): string =>
      `json_array(${plan.key.map((name) => `${alias}.${ident(name)}`).join(', ')})`;
    const found = new Map<string, ChangedRow[]>();
    for (const { key } of await connection.rows<{ key: string }>(
      `select ${list('f')}::varchar as key from ${failing} f`,
    )) {
      found.set(key, []);
    }
    for (const { relation, uses } of plan.inputs) {
      const change = changes.get(relation.name);
      if (change === undefined || change === 'everything') continue;
      const columns = this.#identity.get(relation.name);
      const identity =
        columns === undefined ? 'to_json(i)' : `json_array(${columns.map((name) => `i.${ident(name)}`).join(', ')})`;
      for (const { domain, values } of uses) {
        if (plan.domains[domain]?.parent !== null) continue;
        const match = values.map((value, at) => `${value} is not distinct from f.${ident(plan.key[at] as string)}`);
        const rows = await connection.rows<{ key: string; row: string }>(
          `select distinct ${list('f')}::varchar as key, ${identity}::varchar as row
           from (${images(change)}) i join ${failing} f on ${match.join(' and ')}`,
        );
        for (const { key, row } of rows) found.get(key)?.push({ table: relation.name, key: row });
      }
    }
    return [...found].map(([key, rows]) => ({ gate, text: keyText(plan, key), rows }));
  }
}

function images({ onlyIn, rowsIn, rowsOut }: ChangeSet): string {
  return onlyIn ? `from ${rowsIn}` : `select * from ${rowsIn} union all select * from ${rowsOut}`;
}

/** Made outside of the transactions it is read in. */
function beforeTable({ model }: MaintenancePlan): string {
  return temporary('old', model);
}

/** A sentence for each gate that fails on models as they were built just now. */
export async function failingOf(
  connection: Connection,
  gates: readonly GatePlan[],
  built: readonly string[],
): Promise<string[]> {
  const failed = new Set((await failedModels(connection)).map(({ name }) => name));
  const failures = await new Gates(gates, [], []).failing(connection, new Set(built), failed);
  return failures.map(
    ({ gate, text }) => `gate ${gate.test.name} fails on rows that landed before: ${text}; lens test shows them`,
  );
}

function readsOf({ plan }: GatePlan): Set<string> {
  return new Set(plan.reads.map(({ name }) => name));
}

/** Over all rows, as `lens test` runs it: what fails, or null when it passes. */
async function failingWhole(connection: Connection, { test }: GatePlan): Promise<string | null> {
  const [row] = await connection.rows<{ failures: number; should_error: boolean }>(test.resultSql(qualified));
  return row?.should_error === true ? `${row.failures} failing row${row.failures === 1 ? '' : 's'}` : null;
}

/** `status = "shipped", day = "2026-03-01"` */
function keyText({ key }: { key: readonly string[] }, json: string): string {
  const values = JSON.parse(json) as unknown[];
  return key.map((name, at) => `${name} = ${JSON.stringify(values[at])}`).join(', ');
}
