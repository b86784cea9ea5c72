import type { Settings } from '../core/settings.ts';
import type { EventLog } from '../log/event-log.ts';
import type { EventSink } from '../materializer/events.ts';
import { requireWarehouse } from '../materializer/editions/edition-swap.ts';
import { Materializer } from '../materializer/materializer.ts';
import { removeLeftOver } from '../materializer/editions/scratch-edition.ts';
import type { Project } from '../project/project-contract.ts';
import type { TopicCatalog } from '../topics/catalog.ts';
import { missingTopics } from '../topics/create-missing-topics.ts';
import { applyTopics } from '../topics/manage-topics.ts';
import { openLog } from './open-log.ts';
import { openCatalog, openProject, projectSource } from './open-project.ts';

/** Everything a process needs to keep a warehouse, opened together and closed in the reverse order. */
export interface Runtime extends AsyncDisposable {
  readonly settings: Settings;
  readonly project: Project;
  readonly catalog: TopicCatalog;
  readonly log: EventLog;
  readonly materializer: Materializer;
}

export interface RuntimeOptions {
  readonly onEvent: EventSink;
  /** Whether to create warehouse, log and topics that are missing, and refuse topics that are wrong. */
  readonly create: boolean;
  /** The warehouse is opened as it is, and nothing is made in it: for `apply` alone. */
  readonly asItIs?: boolean;
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
