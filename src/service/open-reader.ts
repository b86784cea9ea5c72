import type { Settings } from '../core/settings.ts';
import type { EventSink } from '../materializer/events.ts';
import { WarehouseReader } from '../materializer/warehouse-reader.ts';
import { openLog } from './open-log.ts';
import { openCatalog, openProject } from './open-project.ts';

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
