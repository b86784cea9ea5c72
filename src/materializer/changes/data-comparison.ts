import { messageOf } from '../../core/errors.ts';
import { temporary } from '../../maintenance/change-set.ts';
import { requireConstraints } from '../../maintenance/constraint-check.ts';
import type { MaintenancePlan } from '../../maintenance/maintenance-plan.ts';
import { requireUnique } from '../../maintenance/unique-check.ts';
import { compile } from '../../project/compile.ts';
import type { Project, RelationNaming } from '../../project/project-contract.ts';
import type { Connection } from '../../warehouse/connection.ts';
import { ScratchDatabase } from '../../warehouse/scratch-database.ts';
import { ident, qualified } from '../../warehouse/sql.ts';
import { modelFailed, modelOfBrokenPromise } from '../models/model-failed.ts';
import { rawRelation, type RawTable } from '../raw-tables.ts';
import { readSeedAgain, type SeedTable } from '../seeds/seed-tables.ts';
import type { DataDifference, RawTableChange, RelationName } from './change-plan.ts';
import type { BareChange } from './model-changes.ts';
import { candidateKeys } from './row-keys.ts';
import { compareRows, type Rows } from './row-differences.ts';
import { inputsOf, type Stale } from './stale-models.ts';
import type { StoredModels } from './stored-models.ts';

/** The changes at hand, with what they are worked out from. */
export interface Planned {
  readonly project: Project;
  readonly plans: readonly MaintenancePlan[];
  readonly tables: readonly RawTable[];
  readonly raw: readonly RawTableChange[];
  /** Those that are loaded anew. */
  readonly seeds: readonly SeedTable[];
  readonly stored: StoredModels;
  readonly stale: ReadonlyMap<string, Stale>;
  /** Models whose new SQL failed on the data, with the error. */
  readonly failed: ReadonlyMap<string, string>;
}

const NONE: Omit<DataDifference, 'status' | 'reason'> = {
  key: [],
  rowsBefore: 0,
  rowsAfter: 0,
  added: 0,
  removed: 0,
  changed: 0,
  columns: [],
  examples: [],
};

/**
 * Works out how the rows of changed models would differ from the stored ones: their SELECTs, and those of all that follows, over
 * the raw tables and models as they are, into a scratch database. Each model is made once, and only where it is asked for.
 */
export class DataComparison implements AsyncDisposable {
  readonly #connection: Connection;
  readonly #scratch: ScratchDatabase;
  /** The database of the warehouse. */
  readonly #warehouse: string;
  readonly #limit: number;
  /** Why a model could not be made; null for one that was. */
  readonly #made = new Map<string, string | null>();

  private constructor(connection: Connection, scratch: ScratchDatabase, warehouse: string, limit: number) {
    this.#connection = connection;
    this.#scratch = scratch;
    this.#warehouse = warehouse;
    this.#limit = limit;
  }

  /** @param limit examples of each kind of difference */
  static async open(connection: Connection, limit: number): Promise<DataComparison> {
    const [row] = await connection.rows<{ name: string }>('select current_database() as name');
    return new DataComparison(connection, await ScratchDatabase.open(connection), row?.name ?? '', limit);
  }

  /** The connection must be in a transaction, the same for all models. MODEL_FAILED for SQL that fails on the data. */
  async compare(change: BareChange, planned: Planned, recordsBehind: number): Promise<DataDifference> {
    const before = await this.#before(change);
    if (change.cause === 'removed') {
      const rows = before === null ? 0 : await this.#count(before.sql);
      return { ...NONE, status: 'compared', reason: null, rowsBefore: rows, removed: rows };
    }
    const problem = await this.#make(change.name, planned);
    if (problem !== null) return { ...NONE, status: 'not compared', reason: problem };
    const plan = planned.plans.find(({ model }) => model === change.name) as MaintenancePlan;
    const { schema, identifier } = plan.relation;
    const sql = `from ${this.#scratch.relation(schema, identifier)}`;
    const after: Rows = { sql, columns: plan.columns };
    const notes = await this.#notes(plan, sql, recordsBehind);
    const reason = notes.length === 0 ? null : notes.join('; ');
    if (before === null) {
      const rows = await this.#count(sql);
      return { ...NONE, status: 'compared', reason, rowsAfter: rows, added: rows };
    }
    const keys = candidateKeys(planned.project, plan);
    const { note, ...found } = await compareRows(this.#connection, before, after, { keys, limit: this.#limit });
    const all = note === null ? notes : [...notes, note];
    return { ...found, status: 'compared', reason: all.length === 0 ? null : all.join('; ') };
  }

  /** By the name of their database, since the scratch one has the same names. */
  async #before({ before }: BareChange): Promise<Rows | null> {
    if (before === null) return null;
    const sql = `from ${this.#stored(before)}`;
    return { sql, columns: await this.#connection.describe(sql) };
  }

  #stored({ schema, identifier }: RelationName): string {
    return `${ident(this.#warehouse)}.${qualified(schema, identifier)}`;
  }

  #count(from: string): Promise<number> {
    return this.#connection.number(`select count(*) ${from}`);
  }

  /** What else is to be known of the new rows. */
  async #notes(plan: MaintenancePlan, from: string, recordsBehind: number): Promise<string[]> {
    const notes: string[] = [];
    if (recordsBehind > 0) {
      notes.push(`its table is ${recordsBehind} records behind what it reads, which the difference holds, too`);
    }
    const [unstable] = plan.nondeterministic;
    if (unstable !== undefined) notes.push(`${unstable.call} gives another value each time`);
    try {
      await requireUnique(this.#connection, plan, `(${from})`);
      await requireConstraints(this.#connection, plan, { all: `(${from})` });
    } catch (error) {
      if (modelOfBrokenPromise(error) === null) throw error;
      notes.push(`${messageOf(error)}, so that it would fail`);
    }
    return notes;
  }

  /** Makes a stale model in the scratch database, with those it reads before it; gives why that is not possible. */
  async #make(name: string, planned: Planned): Promise<string | null> {
    const known = this.#made.get(name);
    if (known !== undefined) return known;
    const problem = await this.#makeNow(name, planned);
    this.#made.set(name, problem);
    return problem;
  }

  async #makeNow(name: string, planned: Planned): Promise<string | null> {
    const failure = planned.failed.get(name);
    if (failure !== undefined) return failure;
    const plan = planned.plans.find(({ model }) => model === name) as MaintenancePlan;
    for (const input of inputsOf(planned.project, plan)) {
      const again = planned.raw.find((one) => one.name === input && isLandedAnew(one));
      if (again !== undefined) return `${again.what}; its rows are known after that`;
      if (!planned.stale.has(input)) continue;
      const problem = await this.#make(input, planned);
      if (problem !== null) return `${input}, which it reads, is not compared: ${problem}`;
    }
    await this.#widen(planned);
    await this.#loadSeeds(planned);
    const sql = compile(planned.project, planned.project.model(name), this.#naming(planned));
    const kind = plan.upkeep === 'view' ? 'view' : 'table';
    try {
      await this.#scratch.create(kind, plan.relation.schema, plan.relation.identifier, sql);
    } catch (error) {
      throw modelFailed(name, error);
    }
    return null;
  }

  /** Raw tables that are not there yet, or get columns: as they will be, before anything is landed. */
  async #widen({ raw, tables }: Planned): Promise<void> {
    for (const { name, change, columns } of raw) {
      const table = tables.find((one) => one.name === name);
      if (table === undefined || this.#made.has(`raw ${name}`)) continue;
      const nulls = (list: readonly { readonly name: string; readonly type: string }[]): string =>
        list.map((column) => `null::${column.type} as ${ident(column.name)}`).join(', ');
      const own = rawRelation(table).columns;
      if (change === 'columns') {
        const added = own.filter((column) => columns.some((one) => one.name === column.name));
        await this.#scratch.create(
          'view',
          table.schema,
          name,
          `select *, ${nulls(added)} from ${this.#stored({ schema: table.schema, identifier: name })}`,
        );
      } else if (change === 'new') {
        await this.#scratch.create('view', table.schema, name, `select ${nulls(own)} limit 0`);
      } else continue;
      this.#made.set(`raw ${name}`, null);
    }
  }

  /** Seeds that are new or others, as their files are. */
  async #loadSeeds({ seeds }: Planned): Promise<void> {
    for (const seed of seeds) {
      if (this.#made.has(`seed ${seed.name}`)) continue;
      const loaded = temporary('new', seed.name);
      await readSeedAgain(this.#connection, seed, loaded);
      await this.#scratch.create('table', seed.schema, seed.identifier, `from ${loaded}`);
      await this.#connection.run(`drop table ${loaded}`);
      this.#made.set(`seed ${seed.name}`, null);
    }
  }

  /** Stale models, seeds and widened raw tables are read in the scratch database, all else in the warehouse. */
  #naming({ raw, project, stale }: Planned): RelationNaming {
    const widened = new Set(raw.filter(({ name }) => this.#made.has(`raw ${name}`)).map(({ name }) => name));
    return (relation) => {
      const { kind, name, identifier } = relation;
      const here =
        kind === 'model'
          ? stale.has(project.model(name).name)
          : widened.has(identifier) || (kind === 'seed' && this.#made.has(`seed ${name}`));
      return here ? this.#scratch.relation(relation.schema, relation.identifier) : this.#stored(relation);
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#scratch[Symbol.asyncDispose]();
  }
}

function isLandedAnew({ change }: RawTableChange): boolean {
  return change === 'landed again' || change === 'replay';
}
