/**
 * One measured run in a process of its own: `node bench/measure.ts landing|job PROJECT_DIR DATA_DIR LOG [MEMORY_LIMIT]`, LOG being the
 * embedded log's file or brokers. Lands (a project without models) or keeps every model of the project, from the earliest offset
 * to the end, and prints one line of JSON: records, wall and CPU seconds, peak memory, and where the time went.
 */
import { openEmbeddedLog } from '../src/log/embedded/embedded-log.ts';
import { openKafkaLog } from '../src/log/kafka/kafka-log.ts';
import type { MaterializerEvent } from '../src/materializer/events.ts';
import { keep } from './keep.ts';

const [what, projectDir = '', dataDir = '', where = '', memoryLimit] = process.argv.slice(2);
const events: MaterializerEvent[] = [];
await using log = where.endsWith('.sqlite') ? openEmbeddedLog(where) : openKafkaLog({ brokers: where.split(',') });
await using materializer = await keep(projectDir, dataDir, log, {
  warehouse: { memoryLimit },
  onEvent: (event) => events.push(event),
});
const started = performance.now();
const cpu = process.cpuUsage();
// Landing is measured to its last durable commit; the job with compaction and the file's checkpoint.
const summary = what === 'landing' ? await materializer.catchUp() : await materializer.run({});
const used = process.cpuUsage(cpu);
const milliseconds = (kind: string): number =>
  events.reduce((sum, event) => sum + (event.kind === kind && 'milliseconds' in event ? event.milliseconds : 0), 0);
const result = {
  records: summary.records,
  deadLetters: summary.deadLetters,
  seconds: (performance.now() - started) / 1000,
  cpuSeconds: (used.user + used.system) / 1e6,
  peakMb: process.resourceUsage().maxRSS / 1024,
  transactionSeconds: milliseconds('batch') / 1000,
  rebuildSeconds: milliseconds('rebuild') / 1000,
  compactionSeconds: milliseconds('compaction') / 1000,
};
process.stdout.write(`${JSON.stringify(result)}\n`);
