import { LensError, messageOf } from '../core/errors.ts';
import { compile, qualified } from '../project/compile.ts';
import type { DataTest, Model, Project, RelationNaming } from '../project/project-contract.ts';
import { upkeepConfig } from '../project/upkeep-config.ts';
import { type CatalogColumn, PlanCatalog } from '../warehouse/plan-catalog.ts';
import { ident, qualified as qualifiedName } from '../warehouse/sql.ts';
import { analyse, type AnalysedModel, type ModelToAnalyse, withKeptStates } from './analysed-model.ts';
import { declaredKey } from './declared-key.ts';
import { tablesNamed } from './analysis/duckdb/tables-named.ts';
import { withoutSchemas } from './without-schemas.ts';
import type { MaintenancePlan, Relation } from './maintenance-plan.ts';
import { Nondeterminism } from './nondeterminism.ts';
import type { Reason } from './reasons.ts';
import { stabilityIn, type Surroundings } from './surroundings.ts';
import { withNamedReads } from './named-reads.ts';
import { type Reading, readingOf, shadowTexts } from './with-views.ts';
import { type Naming, ourName, ownName, planOf, type Written } from './written-plan.ts';

/** A table that landing writes: a source of the project. */
export interface RawRelation extends Relation {
  readonly columns: readonly CatalogColumn[];
  /** Its unique key; null for one that only grows. */
  readonly key: readonly string[] | null;
}

/** Plans a project's models and can look at them more closely afterwards, until it is disposed. */
export class Planner implements AsyncDisposable {
  readonly plans: MaintenancePlan[] = [];
  readonly #project: Project;
  readonly #catalog: PlanCatalog;
  readonly #around: Surroundings;
  /** Stored tables by `schema.identifier`. */
  readonly #tables = new Map<string, Relation>();
  readonly #keys = new Map<string, readonly (readonly string[])[]>();
  readonly #columns = new Map<string, readonly CatalogColumn[]>();
  readonly #neverNull = new Map<string, readonly string[]>();
  readonly #nondeterminism: Nondeterminism;

  /** Plans all models that do not wait; throws as planModels (plan-models.ts) says. */
  static async over(project: Project, raw: readonly RawRelation[]): Promise<Planner> {
    await using opened = new AsyncDisposableStack();
    const catalog = opened.use(await PlanCatalog.open());
    const planner = new Planner(project, catalog, await stabilityIn(catalog));
    for (const table of raw) await planner.addRaw(table);
    for (const model of project.models.filter(({ name }) => !project.waiting.has(name))) {
      if (model.materialized === 'ephemeral') await planner.addEphemeral(model);
      else await planner.addModel(model);
    }
    opened.move();
    return planner;
  }

  private constructor(project: Project, catalog: PlanCatalog, stability: Surroundings['stability']) {
    this.#project = project;
    this.#catalog = catalog;
    this.#nondeterminism = new Nondeterminism(project, catalog, stability);
    this.#around = {
      stability,
      relation: (table) => {
        const relation = this.#tables.get(table);
        if (relation === undefined) throw new LensError('INTERNAL', `the plan reads ${table}, which is not stored`);
        return relation;
      },
      keysOf: (table) => this.#keys.get(table) ?? [],
      neverNull: (table) => this.#neverNull.get(table) ?? [],
      columns: (table) => this.#columns.get(table) ?? [],
    };
  }

  async addRaw({ name, schema, identifier, columns, key }: RawRelation): Promise<void> {
    await this.#catalog.createTable(schema, identifier, columns);
    this.#nondeterminism.addColumns(columns);
    this.#tables.set(`${schema}.${identifier}`, { name, schema, identifier });
    this.#columns.set(`${schema}.${identifier}`, columns);
    if (key === null) return;
    this.#keys.set(`${schema}.${identifier}`, [key]);
    // Other columns may have come with a newer contract, and are null for rows landed before.
    this.#neverNull.set(`${schema}.${identifier}`, key);
  }

  async addModel(model: Model): Promise<void> {
    const fullSql = compile(this.#project, model, qualified);
    const columns = await this.#bound(model, fullSql);
    const relation = { name: model.name, schema: model.schema, identifier: model.alias };
    const key = await declaredKey(this.#catalog, model, fullSql, columns);
    const calls = await this.#nondeterminism.of(model);
    const toAnalyse = { name: model.name, sql: fullSql, columns, declaredKey: key.columns, calls };
    const analysed = withNamedReads(
      this.#project,
      this.#tables.values(),
      model,
      await analyse(this.#catalog, toAnalyse, this.#around),
    );
    this.#nondeterminism.alsoBound(model, analysed.unstable);
    this.#nondeterminism.addColumns(columns);
    if (model.materialized === 'view') await this.#catalog.createView(relation.schema, relation.identifier, fullSql);
    else {
      await this.#catalog.createTable(relation.schema, relation.identifier, columns);
      this.#tables.set(`${relation.schema}.${relation.identifier}`, relation);
      this.#keys.set(`${relation.schema}.${relation.identifier}`, analysed.uniqueKeys);
      this.#neverNull.set(`${relation.schema}.${relation.identifier}`, analysed.neverNull);
      this.#columns.set(`${relation.schema}.${relation.identifier}`, columns);
    }
    const plan = await this.#plan(model, relation, toAnalyse, analysed);
    const proved = analysed.uniqueKeys.some((unique) => unique.every((column) => key.columns.includes(column)));
    this.plans.push({
      ...plan,
      nondeterministic: analysed.unstable,
      checkedKey: proved || plan.strategy === 'view' ? [] : key.sql,
    });
  }

  /**
   * The failing rows of a data test, as a model that is never stored: by which key of theirs a change of what it reads reaches
   * them. A rebuild stands for a test that can only be run whole.
   */
  async addTest(test: DataTest): Promise<MaintenancePlan> {
    const name = `test ${test.name}`;
    const reading = { dependsOn: test.dependsOn, sql: (naming: RelationNaming) => test.sql(naming, true) };
    const sql = reading.sql(qualified);
    const columns = await this.#bound({ name: test.name, path: test.path }, sql);
    const toAnalyse = { name, sql, columns, declaredKey: [], calls: [] };
    const analysed = withNamedReads(
      this.#project,
      this.#tables.values(),
      test,
      await analyse(this.#catalog, toAnalyse, this.#around),
    );
    const relation = { name, schema: 'lens', identifier: name };
    const written = analysed.reason === null ? await this.#shadowable(reading, toAnalyse, analysed) : null;
    if (written !== null) return planOf(relation, toAnalyse, analysed, written);
    const reason = analysed.reason ?? 'its SELECT reads tables by names other than ref() and source()';
    const plan = planOf(relation, toAnalyse, analysed, { sql, alias: ownName });
    return { ...plan, strategy: 'rebuild', key: [], domains: [], reason };
  }

  /** It stands in the SQL of its readers, and is no relation of its own. */
  async addEphemeral(model: Model): Promise<void> {
    await this.#nondeterminism.of(model);
    const columns = await this.#catalog.describe(compile(this.#project, model, qualified)).catch(() => []);
    this.#nondeterminism.addColumns(columns);
  }

  /**
   * How the rows of a model, of a view too, follow from rows of the tables it reads, as far as some of its columns go: by keys
   * wherever the analysis gives one, whoever keeps the model, and from tables in place of states. Nothing is kept by it.
   *
   * @param columns those that count; null for all
   */
  async lineage(name: string, columns: readonly string[] | null): Promise<MaintenancePlan> {
    const model = this.#project.model(name);
    const fullSql = compile(this.#project, model, qualified);
    const counting = (await this.#bound(model, fullSql)).filter((column) => columns?.includes(column.name) ?? true);
    const list = counting.map((column) => ident(column.name)).join(', ');
    const sql = columns === null ? fullSql : `select ${list} from (\n${fullSql}\n)`;
    const declared = upkeepConfig(model).uniqueKey;
    const toAnalyse = { name, sql, columns: counting, declaredKey: declared, calls: [], lineage: true };
    const analysed = withNamedReads(
      this.#project,
      this.#tables.values(),
      model,
      await analyse(this.#catalog, toAnalyse, this.#around),
    );
    const relation = { name, schema: model.schema, identifier: model.alias };
    const plan = planOf(relation, toAnalyse, analysed, { sql, alias: ourName });
    if (analysed.reason === null && analysed.key.length > 0) return plan;
    return { ...plan, strategy: 'rebuild', key: [], domains: [], reason: analysed.reason };
  }

  async #bound({ name, path }: Pick<Model, 'name' | 'path'>, sql: string): Promise<CatalogColumn[]> {
    try {
      return await this.#catalog.describe(sql);
    } catch (error) {
      const refused = error instanceof LensError && error.code === 'QUERY_REFUSED' ? error.hint : hintOnFile(error);
      throw new LensError('MODEL_SQL_INVALID', `model ${name}: ${messageOf(error)}`, {
        place: path,
        hint: refused ?? `lens compile ${name} prints the SQL as DuckDB sees it`,
        cause: error,
        fields: { model: name },
      });
    }
  }

  async #plan(
    model: Model,
    relation: Relation,
    toAnalyse: ModelToAnalyse,
    analysed: AnalysedModel,
  ): Promise<MaintenancePlan> {
    if (model.materialized === 'view') {
      const written = { sql: toAnalyse.sql, alias: ownName };
      return {
        ...planOf(relation, toAnalyse, analysed, written),
        strategy: 'view',
        upkeep: 'view',
        key: [],
        domains: [],
      };
    }
    const compacted = this.#whyCompacted(model, analysed);
    // States first: with them a model may be kept by keys that cannot be without.
    const kept = compacted === null ? await this.#planWithStates(relation, toAnalyse, analysed) : null;
    if (kept !== null) return kept;
    const written = await this.#shadowable(readingOf(this.#project, model), toAnalyse, analysed);
    const rebuild: Reason | null =
      analysed.reason ?? (written === null ? 'its SELECT reads tables by names other than ref() and source()' : null);
    if (rebuild !== null || written === null) {
      const plan = planOf(relation, toAnalyse, analysed, { sql: toAnalyse.sql, alias: ownName });
      return { ...plan, strategy: 'rebuild', upkeep: 'compaction', key: [], domains: [], reason: rebuild };
    }
    const whole = analysed.inputs.find((input) => input.whole !== null);
    const reason =
      compacted ?? (whole === undefined ? null : `rebuilt when ${whole.relation.name} changes: ${whole.whole}`);
    const plan = planOf(relation, toAnalyse, analysed, written);
    return reason === null ? plan : { ...plan, upkeep: 'compaction', reason };
  }

  /** Null where the model has no aggregate that can be kept, or what DuckDB understood does not bind to the same columns. */
  async #planWithStates(
    relation: Relation,
    toAnalyse: ModelToAnalyse,
    plain: AnalysedModel,
  ): Promise<MaintenancePlan | null> {
    const kept = withKeptStates(toAnalyse, plain, this.#around);
    const sql = kept?.writtenSql(ourName) ?? null;
    if (kept === null || sql === null) return null;
    for (const state of kept.states) {
      await this.#catalog.createTable(state.relation.schema, state.relation.identifier, state.columns);
    }
    const binds = await this.#binds(sql, ourName, toAnalyse, kept);
    return binds ? planOf(relation, toAnalyse, kept, { sql, alias: ourName }) : null;
  }

  /** Why a model is kept by compaction, however it could be kept. */
  #whyCompacted(model: Model, { reads }: AnalysedModel): Reason | null {
    if (upkeepConfig(model).upkeep === 'compaction') return 'declared upkeep: compaction';
    const plans = reads.map(({ name }) => this.plans.find((plan) => plan.model === name));
    const compacted = plans.find((plan) => plan?.upkeep === 'compaction');
    return compacted === undefined ? null : `reads ${compacted.model}, which is kept by compaction`;
  }

  /**
   * The SELECT over names that common table expressions can stand in for. Names of ours first, since a model's own
   * expression often bears the name of what it reads (`with orders as (select * from orders)`); the tables' own where
   * the SELECT uses a table's name for its columns. Null when neither binds to the same columns.
   */
  async #shadowable(reading: Reading, toAnalyse: ModelToAnalyse, analysed: AnalysedModel): Promise<Written | null> {
    const landed = analysed.inputs.flatMap(({ relation }) =>
      this.#project.models.some(({ name }) => name === relation.name) ? [] : [relation],
    );
    for (const { sql: rendered, alias } of shadowTexts(this.#project, reading)) {
      const sql = await withoutSchemas(this.#catalog, rendered, landed, alias);
      const named = tablesNamed(await this.#catalog.parsed(sql));
      const known = new Set(analysed.inputs.map(({ relation }) => alias(relation).toLowerCase()));
      // It would be read whole, whatever stands in for the others.
      if (named.some(({ schema, table }) => schema !== '' || !known.has(table.toLowerCase()))) continue;
      if (await this.#binds(sql, alias, toAnalyse, analysed)) return { sql, alias };
    }
    return null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#catalog[Symbol.asyncDispose]();
  }

  async #binds(sql: string, alias: Naming, { columns }: ModelToAnalyse, { inputs }: AnalysedModel): Promise<boolean> {
    const tables = inputs.map(
      ({ relation }) => `${ident(alias(relation))} as (from ${qualifiedName(relation.schema, relation.identifier)})`,
    );
    const whole = `${tables.length === 0 ? '' : `with ${tables.join(', ')}\n`}select * from (\n${sql}\n)`;
    const bound = await this.#catalog.describe(whole).catch(() => null);
    return bound !== null && JSON.stringify(bound) === JSON.stringify(columns);
  }
}

/** For a model that reads a file, which follows from no record; undefined for other errors. */
function hintOnFile(error: unknown): string | undefined {
  const [, file] = /^Permission Error: Cannot access file "([^"]+)"/.exec(messageOf(error)) ?? [];
  return file === undefined
    ? undefined
    : `models read tables: declare a source t, run lens topics init t --from ${file} and lens produce t --from ${file}, and read source(); dbt reads the file by its external_location. A CSV may be a seed`;
}
