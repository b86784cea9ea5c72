import type { EventLog } from '../src/log/event-log.ts';
import { Materializer } from '../src/materializer/materializer.ts';
import type { MaterializerOptions } from '../src/materializer/materializer-options.ts';
import { loadProject } from '../src/project/load-project.ts';
import { loadTopics } from '../src/topics/catalog.ts';

/** A materializer with the settings that are measured: the product's own, but compaction only where it is asked for. */
export function keep(
  projectDir: string,
  dataDir: string,
  log: EventLog,
  options: Partial<Pick<MaterializerOptions, 'warehouse' | 'onEvent'>> = {},
): Promise<Materializer> {
  return Materializer.open({
    project: loadProject(projectDir),
    catalog: loadTopics(projectDir),
    log,
    dataDir,
    group: 'lens-bench',
    batch: { maxRecords: 50_000, maxMilliseconds: 200 },
    bulk: { lagRecords: 100_000 },
    compaction: { intervalSeconds: 3600 },
    warehouse: {},
    onEvent: () => {},
    ...options,
  });
}
