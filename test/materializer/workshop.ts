import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type EmbeddedLog, openEmbeddedLog } from '../../src/log/embedded/embedded-log.ts';
import type { EventLog } from '../../src/log/event-log.ts';
import { qualified } from '../../src/warehouse/sql.ts';
import type { MaintenancePlan } from '../../src/maintenance/maintenance-plan.ts';
import { planModels } from '../../src/maintenance/planner.ts';
import { rawRelation, rawTables } from '../../src/materializer/raw-tables.ts';
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
export const SHOP = path.join(ROOT, 'test/fixtures/shop');

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

const plansOf = new WeakMap<Project, Promise<MaintenancePlan[]>>();

/** The plans of a project over the topics of its folder. */
export function plansFor(project: Project): Promise<MaintenancePlan[]> {
  let plans = plansOf.get(project);
  if (plans === undefined) {
    plans = planModels(project, rawTables(loadTopics(project.dir), project).map(rawRelation));
    plansOf.set(project, plans);
  }
  return plans;
}

/** Models whose table is not what their SELECT gives over the relations it reads, each with the number of differing rows. */
export async function differences(
  materializer: Materializer,
  project: Project,
  upkeep: readonly string[],
): Promise<string[]> {
  const found: string[] = [];
  for (const plan of await plansFor(project)) {
    if (!upkeep.includes(plan.upkeep)) continue;
    const table = qualified(plan.relation.schema, plan.relation.identifier);
    const { rows } = await materializer.query(
      `select (select count(*) from (select * from ${table} except all select * from (${plan.fullSql})))
            + (select count(*) from (select * from (${plan.fullSql}) except all select * from ${table}))`,
    );
    if (rows[0]?.[0] !== 0) found.push(`${plan.model}: ${String(rows[0]?.[0])} rows differ`);
  }
  return found;
}

/** Every raw table and stored model with its rows, order aside, as text that two warehouses can be compared by. */
export async function contents(materializer: Materializer): Promise<Record<string, string[]>> {
  const { rows: tables } = await materializer.query(
    `select table_schema, table_name from information_schema.tables
     where table_catalog = current_database() and table_schema <> 'lens' and table_type = 'BASE TABLE' order by all`,
  );
  const result: Record<string, string[]> = {};
  for (const [schema, table] of tables as [string, string][]) {
    const { rows } = await materializer.query(`select * from ${qualified(schema, table)}`, { maxRows: 1_000_000 });
    result[table] = rows.map((row) => JSON.stringify(row)).sort();
  }
  return result;
}
