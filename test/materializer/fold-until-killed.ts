/**
 * Folds a log into a warehouse whose tables all have their keys indexed, in small batches, until it is done or somebody kills the
 * process: `node fold-until-killed.ts PROJECT_DIR LOG_FILE DATA_DIR`.
 */
import { openEmbeddedLog } from '../../src/log/embedded/embedded-log.ts';
import { Materializer } from '../../src/materializer/materializer.ts';
import { loadProject } from '../../src/project/load-project.ts';
import { loadTopics } from '../../src/topics/catalog.ts';

const [projectDir = '', logFile = '', dataDir = ''] = process.argv.slice(2);
await using log = openEmbeddedLog(logFile);
await using materializer = await Materializer.open({
  project: loadProject(projectDir),
  catalog: loadTopics(projectDir),
  log,
  dataDir,
  group: 'lens',
  batch: { maxRecords: 10, maxMilliseconds: 50 },
  bulk: { lagRecords: 1_000_000 },
  compaction: { intervalSeconds: 3600 },
  warehouse: { threads: 1, indexFromRows: 0 },
  onEvent: ({ kind }) => process.stdout.write(`${kind}\n`),
});
await materializer.run({});
