import type { ColumnVector } from '../core/column-chunk.ts';
import { LensError } from '../core/errors.ts';
import type { RecordBlock } from '../log/record-block.ts';
import type { SealedBatch } from '../topics/topic-batch.ts';
import type { IngestContext } from './ingest-contract.ts';

/** How many records a topic has room for: the sum of end minus low offset. LOG_TOPIC_MISSING when it is not there. */
export async function topicLength(ctx: IngestContext, topic: string): Promise<number> {
  let length = 0;
  for (const { low, end } of await ctx.log.offsets([topic])) length += end - low;
  return length;
}

/**
 * Reads a topic from its low offsets to the end offsets of now. `visit` may return false to end early. A block is valid
 * only during its visit.
 */
export async function scanTopic(
  ctx: IngestContext,
  topic: string,
  visit: (block: RecordBlock) => boolean | void | Promise<boolean | void>,
): Promise<void> {
  const open = new Map<number, number>();
  const from = [];
  for (const { partition, low, end } of await ctx.log.offsets([topic])) {
    if (low >= end) continue;
    open.set(partition, end);
    from.push({ topic, partition, offset: low });
  }
  if (from.length === 0) return;
  await using reader = await ctx.log.read(from, ctx.signal === undefined ? {} : { signal: ctx.signal });
  while (open.size > 0 && ctx.signal?.aborted !== true) {
    const block = await reader.next(1000);
    if (block === null) continue;
    const answer = visit(block);
    if ((answer instanceof Promise ? await answer : answer) === false) return;
    if (block.nextOffset >= (open.get(block.partition) ?? Infinity)) open.delete(block.partition);
  }
}

/** The records that landing takes, one by one: those that it would make dead letters are passed over. */
export async function scanGoodRecords(
  ctx: IngestContext,
  topic: string,
  visit: (block: RecordBlock, i: number) => void,
): Promise<void> {
  const batch = ctx.catalog.batch(topic);
  await scanTopic(ctx, topic, async (block) => {
    await ctx.catalog.prepare(topic, block);
    batch.reset();
    batch.add(block);
    const bad = new Set(batch.seal().deadLetters.map(({ offset }) => offset));
    for (let i = 0; i < block.count; i++) if (!bad.has(block.offset(i))) visit(block, i);
  });
}

/** Decodes a topic's records block by block, by its contract; what cannot be decoded is left to landing's dead letters. */
export async function scanRows(
  ctx: IngestContext,
  topic: string,
  visit: { rows: (rows: TopicRows) => void; deleted?: (keys: TopicRows) => void },
): Promise<void> {
  const { columns, tableKey } = ctx.catalog.contract(topic);
  const names = columns.map((column) => column.name);
  const batch = ctx.catalog.batch(topic);
  await scanTopic(ctx, topic, async (block) => {
    await ctx.catalog.prepare(topic, block);
    batch.reset();
    batch.add(block);
    const sealed: SealedBatch = batch.seal();
    for (const chunk of sealed.rows) visit.rows(new TopicRows(topic, names, chunk.columns, chunk.rowCount));
    for (const chunk of sealed.deletedKeys) {
      visit.deleted?.(new TopicRows(topic, tableKey, chunk.columns, chunk.rowCount));
    }
  });
}

/** Some rows of a topic as columns by name. */
export class TopicRows {
  readonly count: number;
  readonly #topic: string;
  readonly #names: readonly string[];
  readonly #columns: readonly ColumnVector[];

  constructor(topic: string, names: readonly string[], columns: readonly ColumnVector[], count: number) {
    this.#topic = topic;
    this.#names = names;
    this.#columns = columns;
    this.count = count;
  }

  /** TOPIC_CONTRACT_INVALID when the topic has no such field: the ingest scripts need the shipped topics. */
  column(name: string): ColumnVector {
    const column = this.#columns[this.#names.indexOf(name)];
    if (column === undefined) {
      throw new LensError('TOPIC_CONTRACT_INVALID', `topic ${this.#topic} has no field ${name}, which ingest reads`, {
        place: `topics/${this.#topic}`,
        hint: 'ingest works with the topics prompts, users, generations and prompt_enrichments as they are shipped',
      });
    }
    return column;
  }
}
