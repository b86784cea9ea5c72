import { messageOf } from '../../core/errors.ts';
import { type FreshnessConfig, freshnessConfig, freshnessStatus } from '../../project/freshness-config.ts';
import type { Model, Project, SourceTable } from '../../project/project-contract.ts';
import type { TopicCatalog } from '../../topics/catalog.ts';
import { qualified } from '../../warehouse/sql.ts';
import type { RecordTimes } from './record-times.ts';

export interface FreshnessResult {
  readonly uniqueId: string;
  readonly resourceType: 'source' | 'model';
  /** `web.orders` of a source table. */
  readonly name: string;
  readonly path: string;
  readonly status: 'pass' | 'warn' | 'error' | 'runtime error';
  /** Why it could not be told; null otherwise. */
  readonly message: string | null;
  /** ISO 8601, null when it could not be told. */
  readonly maxLoadedAt: string | null;
  readonly snapshottedAt: string;
  readonly ageSeconds: number;
  readonly criteria: FreshnessConfig;
  readonly startedAt: string;
  readonly seconds: number;
}

/** What freshness is told from. */
export interface FreshnessWork {
  readonly project: Project;
  readonly catalog: TopicCatalog;
  /** Rows of a SELECT over the warehouse, in the JSON form of values. */
  readonly query: (sql: string) => Promise<(readonly unknown[])[]>;
  /** Asked for when the log is needed. */
  readonly times: () => Promise<RecordTimes>;
}

/** Something whose freshness is to be told. */
export interface FreshnessCheck {
  readonly name: string;
  readonly run: () => Promise<FreshnessResult>;
}

interface Offset {
  readonly topic: string;
  readonly partition: number;
  readonly next: number;
}

/** dbt's time of a table without rows: older than any limit. */
const NEVER = '0001-01-01T00:00:00Z';

/** How old the newest rows of sources are, and how far models are behind. */
export class Freshness {
  readonly #work: FreshnessWork;

  constructor(work: FreshnessWork) {
    this.#work = work;
  }

  /** What is to be checked of these unique ids: what has limits. PROJECT_INVALID for limits that cannot be read. */
  checks(ids: ReadonlySet<string>): FreshnessCheck[] {
    const { sources, models } = this.#work.project;
    return [
      ...sources.flatMap((source) => (ids.has(source.uniqueId) ? this.#ofSource(source) : [])),
      ...models.flatMap((model) => (ids.has(model.uniqueId) ? this.#ofModel(model) : [])),
    ];
  }

  /** The age of a source's newest row: by its `loaded_at_field` or `loaded_at_query`, else by the newest record applied of its topic. */
  #ofSource(source: SourceTable): FreshnessCheck[] {
    const criteria = freshnessConfig(source);
    if (criteria === null) return [];
    const { uniqueId, sourceName, path } = source;
    const name = `${sourceName}.${source.name}`;
    const run = (): Promise<FreshnessResult> =>
      this.#result({ uniqueId, resourceType: 'source', name, path, criteria }, async () => {
        const newest = await this.#newestRow(criteria, qualified(source.schema, source.table));
        return newest === undefined ? this.#newestRecord(source.table) : newest;
      });
    return [{ name, run }];
  }

  /** How far a model's checkpoint is behind the log, in time: since when a record has waited. By its rows with a `loaded_at_field`. */
  #ofModel(model: Model): FreshnessCheck[] {
    const criteria = freshnessConfig(model);
    if (criteria === null) return [];
    const { uniqueId, name, path } = model;
    const run = (): Promise<FreshnessResult> =>
      this.#result({ uniqueId, resourceType: 'model', name, path, criteria }, async () => {
        const newest = await this.#newestRow(criteria, qualified(model.schema, model.alias));
        return newest === undefined ? this.#waitingSince(model) : newest;
      });
    return [{ name, run }];
  }

  async #result(
    about: Pick<FreshnessResult, 'uniqueId' | 'resourceType' | 'name' | 'path' | 'criteria'>,
    newest: () => Promise<string | null>,
  ): Promise<FreshnessResult> {
    const startedAt = new Date().toISOString();
    const began = performance.now();
    const timed = (): { seconds: number } => ({ seconds: (performance.now() - began) / 1000 });
    try {
      const maxLoadedAt = (await newest()) ?? NEVER;
      const snapshottedAt = new Date().toISOString();
      const ageSeconds = Math.max(0, (Date.parse(snapshottedAt) - Date.parse(maxLoadedAt)) / 1000);
      if (Number.isNaN(ageSeconds)) throw new Error(`the newest time is ${maxLoadedAt}, which is no timestamp`);
      const status = freshnessStatus(about.criteria, ageSeconds);
      return { ...about, status, message: null, maxLoadedAt, snapshottedAt, ageSeconds, startedAt, ...timed() };
    } catch (error) {
      const failed = { status: 'runtime error', message: messageOf(error), maxLoadedAt: null, ageSeconds: 0 } as const;
      return { ...about, ...failed, snapshottedAt: new Date().toISOString(), startedAt, ...timed() };
    }
  }

  /** Undefined when no row tells its time; null when there is no row. */
  async #newestRow(config: FreshnessConfig, relation: string): Promise<string | null | undefined> {
    const { loadedAtField, loadedAtQuery, filter } = config;
    const where = filter === null ? '' : ` where ${filter}`;
    const sql =
      loadedAtQuery ?? (loadedAtField === null ? null : `select max(${loadedAtField}) from ${relation}${where}`);
    if (sql === null) return undefined;
    const value = (await this.#work.query(sql))[0]?.[0];
    if (value === null || value === undefined) return null;
    return typeof value === 'string' ? value : JSON.stringify(value);
  }

  async #newestRecord(table: string): Promise<string | null> {
    const topics = this.#work.catalog.contracts.filter((contract) => contract.table === table).map(({ name }) => name);
    const times: number[] = [];
    for (const { topic, partition, next } of await this.#checkpoint(topics, [])) {
      const time = await (await this.#work.times()).lastBefore(topic, partition, next);
      if (time !== null) times.push(time);
    }
    return times.length === 0 ? null : new Date(Math.max(...times)).toISOString();
  }

  async #waitingSince(model: Model): Promise<string | null> {
    const { tables, models } = this.#below(model);
    const topics = this.#work.catalog.contracts.filter(({ table }) => tables.has(table)).map(({ name }) => name);
    const times: number[] = [];
    for (const { topic, partition, next } of await this.#checkpoint(topics, [...models])) {
      const time = await (await this.#work.times()).firstFrom(topic, partition, next);
      if (time !== null) times.push(time);
    }
    return new Date(Math.min(Date.now(), ...times)).toISOString();
  }

  /** Where the warehouse stands in topics, or the one that stands farthest back of models with a checkpoint of their own. */
  async #checkpoint(topics: readonly string[], models: readonly string[]): Promise<Offset[]> {
    const rows = await this.#work.query(
      'select topic, partition, next_offset, null as model from lens.checkpoint union all select topic, partition, next_offset, model from lens.model_checkpoint',
    );
    const lowest = new Map<string, Offset>();
    for (const [topic, partition, next, model] of rows as [string, number, number, string | null][]) {
      if (!topics.includes(topic) || (model !== null && !models.includes(model))) continue;
      const key = `${topic}/${partition}`;
      if (next < (lowest.get(key)?.next ?? Infinity)) lowest.set(key, { topic, partition, next });
    }
    return [...lowest.values()];
  }

  /** The model with all it follows from. */
  #below(model: Model, found = { tables: new Set<string>(), models: new Set<string>() }): typeof found {
    if (found.models.has(model.name)) return found;
    found.models.add(model.name);
    for (const table of model.dependsOn.sources) found.tables.add(table);
    for (const name of model.dependsOn.models) this.#below(this.#work.project.model(name), found);
    return found;
  }
}
