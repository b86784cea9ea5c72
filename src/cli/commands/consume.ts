import { Command, InvalidArgumentError } from 'commander';
import { LensError } from '../../core/errors.ts';
import type { EventLog, PartitionOffsets, Position } from '../../log/event-log.ts';
import type { RecordBlock } from '../../log/record-block.ts';
import { openLog } from '../../service/open-log.ts';
import { openCatalog } from '../../service/open-project.ts';
import type { TopicCatalog } from '../../topics/catalog.ts';
import type { RecordJson } from '../../topics/record-json.ts';
import { interruption } from '../interruption.ts';
import { invocationOf } from '../invocation.ts';
import type { Output } from '../output.ts';
import { wholeNumber } from '../number-arguments.ts';

type From = 'beginning' | 'end' | number;

interface ConsumeFlags {
  readonly from: From;
  readonly partition?: number;
  readonly limit?: number;
  readonly follow?: boolean;
}

/** `lens consume TOPIC`: records as `lens produce` takes them. */
export function consumeCommand(): Command {
  return new Command('consume')
    .description("print records as JSON lines, decoded by the topic's contract")
    .argument('<topic>', 'topic of the project')
    .option('--from <where>', 'beginning, end, or an offset in each partition', parseFrom, 'beginning')
    .option('--partition <number>', 'only this partition', wholeNumber(0))
    .option('--limit <records>', 'stop after so many', wholeNumber(1))
    .option('--follow', 'go on with new records until Ctrl-C')
    .addHelpText(
      'after',
      `
Without --follow it ends at the records that are there when it starts. A line is {"partition", "offset", "timestamp",
"key", "value"}; bytes the contract cannot decode are printed as "keyBase64" and "valueBase64" instead. lens produce takes
these lines.

Examples:
  $ lens consume generations --limit 3
  $ lens consume users --from end --follow`,
    )
    .action(async (topic: string, flags: ConsumeFlags, command: Command) => {
      const { settings, output } = invocationOf(command);
      const catalog = openCatalog(settings);
      catalog.contract(topic);
      await using log = openLog(settings, 'read');
      await printRecords(log, topic, catalog, flags, output);
    });
}

function parseFrom(text: string): From {
  if (text === 'beginning' || text === 'end') return text;
  if (/^\d+$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
  throw new InvalidArgumentError('beginning, end or an offset is needed');
}

async function printRecords(
  log: EventLog,
  topic: string,
  catalog: TopicCatalog,
  flags: ConsumeFlags,
  output: Output,
): Promise<void> {
  const all = await log.offsets([topic]);
  const offsets = all.filter(({ partition }) => flags.partition === undefined || partition === flags.partition);
  if (flags.partition !== undefined && offsets.length === 0) {
    throw new LensError('USAGE', `${topic} has the partitions 0 to ${all.length - 1}, not ${flags.partition}`, {
      hint: 'without --partition all of them are printed',
    });
  }
  const positions = offsets.map((partition) => startOf(partition, flags.from, output));
  const open = new Map<number, number>();
  for (const [i, { partition, end }] of offsets.entries()) {
    if ((positions[i] as Position).offset < end) open.set(partition, end);
  }
  const follow = flags.follow === true;
  if (open.size === 0 && !follow) return;
  const json = catalog.json(topic);
  const signal = interruption();
  await using reader = await log.read(positions, { signal });
  let left = flags.limit ?? Number.POSITIVE_INFINITY;
  while (!signal.aborted && left > 0) {
    const block = await reader.next(500);
    if (block === null) continue;
    await catalog.prepare(topic, block);
    // Without --follow, records that came after the start are not printed.
    left -= printBlock(block, json, output, left, follow ? undefined : (open.get(block.partition) ?? 0));
    await output.drain();
    if (block.nextOffset >= (open.get(block.partition) ?? 0)) open.delete(block.partition);
    if (open.size === 0 && !follow) return;
  }
}

/** An offset past the end waits there; one that is no longer held starts at the earliest, and says so. */
function startOf({ topic, partition, low, end }: PartitionOffsets, from: From, output: Output): Position {
  if (from === 'beginning') return { topic, partition, offset: low };
  if (from === 'end') return { topic, partition, offset: end };
  if (from < low) output.notice(`${topic}/${partition} is held from offset ${low} on, not from ${from}`);
  return { topic, partition, offset: Math.min(Math.max(from, low), end) };
}

function printBlock(
  block: RecordBlock,
  json: RecordJson,
  output: Output,
  limit: number,
  end: number | undefined,
): number {
  let printed = 0;
  for (let i = 0; i < block.count && printed < limit; i++) {
    const offset = block.offset(i);
    if (end !== undefined && offset >= end) break;
    const timestamp = timestampText(block.timestamp[i] as number);
    const record = { partition: block.partition, offset, timestamp, ...json.decode(block.key(i), block.value(i)) };
    output.result(JSON.stringify(record));
    printed++;
  }
  return printed;
}

/** Kafka's -1 is a record without a time. */
function timestampText(milliseconds: number): string | null {
  return milliseconds >= 0 && milliseconds <= 8.64e15 ? new Date(milliseconds).toISOString() : null;
}
