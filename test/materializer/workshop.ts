import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type EmbeddedLog, openEmbeddedLog } from '../../src/log/embedded/embedded-log.ts';
import type { EventLog } from '../../src/log/event-log.ts';
import { ident, qualified } from '../../src/warehouse/sql.ts';
import type { MaintenancePlan } from '../../src/maintenance/maintenance-plan.ts';
import { planModels } from '../../src/maintenance/plan-models.ts';
import { inputRelations, inputTables } from '../../src/materializer/input-tables.ts';
import type { MaterializerEvent } from '../../src/materializer/events.ts';
import { Materializer } from '../../src/materializer/materializer.ts';
import type { MaterializerOptions } from '../../src/materializer/materializer-options.ts';
import { loadProject } from '../../src/project/load-project.ts';
import type { Project } from '../../src/project/project-contract.ts';
import { loadTopics, type TopicCatalog } from '../../src/topics/catalog.ts';
import { applyTopics } from '../../src/topics/manage-topics.ts';
import type { Happening } from './random-history.ts';

export const ROOT = path.resolve(import.meta.dirname, '../..');
export const SHIPPED = ROOT;
export const SHOP = fixture('shop');

/** The folder of one of the fixture projects. */
export function fixture(name: string): string {
  return path.join(ROOT, 'test/fixtures', name);
}

const projects = new Map<string, Project>();

/** Reading a project renders every model and test: once per folder is enough. */
function projectAt(dir: string): Project {
  let project = projects.get(dir);
  if (project === undefined) projects.set(dir, (project = loadProject(dir)));
  return project;
}

/** A project with a log and a data folder of its own, real parts all of them. Disposing removes the folder. */
export class Workshop implements AsyncDisposable {
  readonly dir = mkdtempSync(path.join(tmpdir(), 'lens-'));
  readonly project: Project;
  readonly catalog: TopicCatalog;
  readonly embedded: EmbeddedLog;
  readonly events: MaterializerEvent[] = [];
  #opened = 0;

  constructor(projectDir: string) {
    this.project = projectAt(projectDir);
    this.catalog = loadTopics(projectDir);
    this.embedded = openEmbeddedLog(path.join(this.dir, 'log.sqlite'));
  }

  get log(): EventLog {
    return this.embedded;
  }

  static async of(projectDir: string): Promise<Workshop> {
    const workshop = new Workshop(projectDir);
    await applyTopics(workshop.log, workshop.catalog);
    return workshop;
  }

  async publish(happenings: readonly Happening[], log: EventLog = this.log): Promise<void> {
    await using writer = await log.write();
    for (const happening of happenings) {
      if ('garbage' in happening) {
        writer.add(happening.topic, Buffer.from('1'), Buffer.from(happening.garbage, 'base64'), { timestamp: 1000 });
        continue;
      }
      const { key, value } = await this.catalog.json(happening.topic).encode(happening.key, happening.value);
      writer.add(happening.topic, key, value, { timestamp: 1000 });
    }
    await writer.flush();
  }

  /** A materializer over the log; each call has a fresh warehouse unless `dataDir` names one. */
  open(options: Partial<MaterializerOptions> = {}): Promise<Materializer> {
    return Materializer.open({
      project: this.project,
      catalog: this.catalog,
      log: this.log,
      dataDir: path.join(this.dir, `data-${++this.#opened}`),
      group: 'lens',
      batch: { maxRecords: 1000, maxMilliseconds: 50 },
      bulk: { lagRecords: 1_000_000 },
      compaction: { intervalSeconds: 3600 },
      warehouse: { threads: 1 },
      onEvent: (event) => this.events.push(event),
      ...options,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.log[Symbol.asyncDispose]();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** The plans of a project over the topics of its folder. */
export function plansFor(project: Project): Promise<readonly MaintenancePlan[]> {
  return planModels(project, inputRelations(inputTables(loadTopics(project.dir), project)));
}

/**
 * Models whose table is not what their SELECT gives over the relations it reads, each with the number of rows on both sides.
 * Doubles count as equal to nine digits, since their sums depend on the order of addition.
 */
export async function differences(
  materializer: Materializer,
  project: Project,
  upkeep: readonly string[],
): Promise<string[]> {
  const found: string[] = [];
  const lists = await comparableColumns(materializer);
  for (const plan of await plansFor(project)) {
    if (!upkeep.includes(plan.upkeep)) continue;
    const table = qualified(plan.relation.schema, plan.relation.identifier);
    const digest = (from: string): string =>
      `select count(*) as n, sum(hash(${lists.get(table)})::hugeint) as h from (${from})`;
    const { rows } = await materializer.query(
      `select a.n, b.n, a.h is not distinct from b.h
       from (${digest(`from ${table}`)}) a cross join (${digest(plan.fullSql)}) b`,
    );
    const [stored, expected, equal] = rows[0] as unknown as [number, number, boolean];
    if (stored !== expected || !equal) found.push(`${plan.model}: ${stored} rows, its SELECT gives ${expected}`);
  }
  return found;
}

/** The columns of each table in a form that can be compared, by its quoted name. */
async function comparableColumns(materializer: Materializer): Promise<Map<string, string>> {
  const { rows } = await materializer.query(
    `select schema_name, table_name, column_name, data_type from duckdb_columns()
     where database_name = current_database() order by schema_name, table_name, column_index`,
  );
  const lists = new Map<string, string[]>();
  for (const [schema, table, name, type] of rows as [string, string, string, string][]) {
    const columns = lists.get(qualified(schema, table)) ?? [];
    // Zero has two signs, which a DuckDB file does not tell apart.
    columns.push(/^(DOUBLE|FLOAT)$/.test(type) ? `printf('%.9e', ${ident(name)} + 0.0)` : ident(name));
    lists.set(qualified(schema, table), columns);
  }
  return new Map([...lists].map(([table, columns]) => [table, columns.join(', ')]));
}

/**
 * Every raw table and stored model with its rows, order aside, as text that two warehouses can be compared by: doubles with
 * nine digits.
 */
export async function contents(materializer: Materializer): Promise<Record<string, string[]>> {
  const { rows: tables } = await materializer.query(
    `select table_schema, table_name from information_schema.tables
     where table_catalog = current_database() and table_schema <> 'lens' and table_type = 'BASE TABLE' order by all`,
  );
  const result: Record<string, string[]> = {};
  for (const [schema, table] of tables as [string, string][]) {
    const { rows } = await materializer.query(`select * from ${qualified(schema, table)}`, { maxRows: 1_000_000 });
    result[table] = rows.map((row) => rowText(row)).sort();
  }
  return result;
}

/** A row in JSON, doubles with nine digits. */
export function rowText(row: readonly unknown[]): string {
  return JSON.stringify(row, (_, value: unknown) =>
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(9)) : value,
  );
}
