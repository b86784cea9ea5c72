import { existsSync } from 'node:fs';
import path from 'node:path';
import { exactJson } from '../core/exact-json.ts';
import type { Settings } from '../core/settings.ts';
import { openEmbeddedLog } from '../log/embedded/embedded-log.ts';
import type { EventLog } from '../log/event-log.ts';
import { openKafkaLog } from '../log/kafka/kafka-log.ts';
import type { EventSink } from '../materializer/events.ts';
import { relationsSoFar } from '../materializer/input-tables.ts';
import { settleProject } from '../maintenance/settle-project.ts';
import { requireWarehouse } from '../materializer/editions/edition-swap.ts';
import { Materializer } from '../materializer/materializer.ts';
import { removeLeftOver } from '../materializer/editions/scratch-edition.ts';
import { WarehouseReader } from '../materializer/warehouse-reader.ts';
import type { ProjectSource } from '../materializer/changes/next-project.ts';
import { loadProject } from '../project/load-project.ts';
import type { Project } from '../project/project-contract.ts';
import { loadTopics, type TopicCatalog } from '../topics/catalog.ts';
import { missingTopics } from '../topics/create-missing-topics.ts';
import { applyTopics } from '../topics/manage-topics.ts';
import { kafkaTls } from './kafka-tls.ts';
import { missingLog } from './missing-log.ts';

/** Everything a process needs to keep a warehouse, opened together and closed in the reverse order. */
export interface Runtime extends AsyncDisposable {
  readonly settings: Settings;
  readonly project: Project;
  readonly catalog: TopicCatalog;
  readonly log: EventLog;
  readonly materializer: Materializer;
}

/** Where the settings say that the project is. */
export function projectSource({ projectDir, vars, target, registry }: Settings): ProjectSource {
  return { dir: projectDir, vars: exactJson(vars), target, registry };
}

/**
 * The dbt project of the settings' folder. Topic contracts are read where a template asks for columns, which follow from
 * them; a source without one is no error before its rows are needed.
 */
export function openProject(settings: Settings): Promise<Project> {
  const { projectDir, vars, target } = settings;
  const isFed = (table: string): boolean => openCatalog(settings).forTable(table) !== undefined;
  return settleProject(loadProject(projectDir, { vars, target, isFed }), (project) =>
    relationsSoFar(openCatalog(settings), project),
  );
}

/** The topic contracts of the settings' folder. */
export function openCatalog(settings: Settings): TopicCatalog {
  return loadTopics(settings.projectDir, { registry: settings.registry });
}

/** Whether there is a log to look at: Kafka always is, the embedded one once it was made. */
export function hasLog({ brokers, dataDir }: Settings): boolean {
  return brokers.length > 0 || existsSync(path.join(dataDir, 'log.sqlite'));
}

/**
 * Kafka when brokers are set, otherwise the embedded log in the data folder.
 *
 * @param access `read` makes no log where there is none: it then fails when it is asked
 */
export function openLog(settings: Settings, access: Access = 'write'): EventLog {
  if (settings.brokers.length === 0) {
    const file = path.join(settings.dataDir, 'log.sqlite');
    return access === 'read' && !existsSync(file) ? missingLog(file) : openEmbeddedLog(file);
  }
  return openKafkaLog({
    brokers: [...settings.brokers],
    clientId: 'diffusion-lens',
    ssl: kafkaTls(settings.kafka),
    ...(settings.kafka.sasl === undefined ? {} : { sasl: settings.kafka.sasl }),
  });
}

/** `read` makes no log where there is none. */
type Access = 'read' | 'write';

export interface RuntimeOptions {
  readonly onEvent: EventSink;
  /** Whether to create warehouse, log and topics that are missing, and refuse topics that are wrong. */
  readonly create: boolean;
  /** The warehouse is opened as it is, and nothing is made in it: for `apply` alone. */
  readonly asItIs?: boolean;
}

/** Answers from the warehouse of the data folder as it is. WAREHOUSE_MISSING when there is none. */
export function openReader(settings: Settings, onEvent: EventSink): Promise<WarehouseReader> {
  return WarehouseReader.open({
    onEvent,
    dataDir: settings.dataDir,
    warehouse: settings.warehouse,
    group: settings.kafka.group,
    batch: settings.batch,
    bulk: settings.bulk,
    project: () => openProject(settings),
    catalog: () => openCatalog(settings),
    log: () => openLog(settings, 'read'),
  });
}

/**
 * Opens project, topics, log and warehouse, and tells `onEvent` about topics it created.
 * Throws what any of them throws, with the others closed again; WAREHOUSE_MISSING when none was to be created.
 */
export async function openRuntime(settings: Settings, { onEvent, create, asItIs }: RuntimeOptions): Promise<Runtime> {
  const project = await openProject(settings);
  const catalog = openCatalog(settings);
  for (const message of project.warnings) onEvent({ kind: 'notice', message });
  await using opened = new AsyncDisposableStack();
  if (!create) requireWarehouse(settings.dataDir);
  const log = opened.use(openLog(settings, create ? 'write' : 'read'));
  const missing = create ? await missingTopics(log, catalog) : [];
  const materializer = opened.use(
    await Materializer.open({
      project,
      catalog,
      source: projectSource(settings),
      asItIs,
      log,
      dataDir: settings.dataDir,
      group: settings.kafka.group,
      batch: settings.batch,
      bulk: settings.bulk,
      compaction: settings.compaction,
      onModelFailure: settings.models.onFailure,
      warehouse: settings.warehouse,
      onEvent,
    }),
  );
  // Only now: a project that is refused leaves no topics.
  if (missing.length > 0) {
    await applyTopics(log, catalog);
    onEvent({ kind: 'notice', message: `created topics ${missing.join(', ')}` });
  }
  removeLeftOver(settings.dataDir);
  const close = opened.move();
  return { settings, project, catalog, log, materializer, [Symbol.asyncDispose]: () => close.disposeAsync() };
}
