/**
 * Folds a log into a warehouse whose tables all have their keys indexed, in small batches, until it is done or somebody kills the
 * process: `node fold-until-killed.ts PROJECT_DIR LOG_FILE DATA_DIR`.
 */
import { keptByProcess } from './kept-by-process.ts';

await using kept = await keptByProcess({
  batch: { maxRecords: 10, maxMilliseconds: 50 },
  warehouse: { threads: 1, indexFromRows: 0 },
  onEvent: ({ kind }) => process.stdout.write(`${kind}\n`),
});
await kept.materializer.run({});
