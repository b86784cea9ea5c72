import { Random } from '../core/random.ts';
import { carriesOnAt, noHistory, readHistory, type GenerationHistory } from './generation-history.ts';
import type { GenerationRecord } from './generation-record.ts';
import { exponential, GenerationSource, LATER_SHARE } from './generation-source.ts';
import type { IngestContext, IngestSummary } from './ingest-contract.ts';
import { liveTraffic } from './live-generations.ts';
import { readPrompts, type PromptPool } from './prompt-pool.ts';
import type { PublishedRecords } from './resuming-writer.ts';
import { TopicPublisher } from './topic-publisher.ts';
import { readUsers, type UserPool } from './user-pool.ts';

/** A history lasts 30 days; a small one less, so that each day has its generations. */
const MAX_DAYS = 30;
const PER_DAY = 200;
const DAY = 86_400_000_000;

export interface GenerationsOptions {
  /** How many generations; default 30,000, or without end with `rate` and `follow`. */
  readonly count?: number | undefined;
  readonly seed: number;
  /** Generations a second by the wall clock; without it the history is written as fast as possible. */
  readonly rate?: number | undefined;
  /** Goes on until the signal; `rate` is 1 unless given. */
  readonly follow?: boolean | undefined;
  /** Where an empty topic's history starts, milliseconds since 1970; a topic with generations is carried on. */
  readonly startAt?: number | undefined;
  /** How many days the history spans. */
  readonly days?: number | undefined;
  readonly laterShare?: number | undefined;
}

/**
 * Simulates generations of the users by the prompts that the topics hold, in the order of time, and publishes them.
 * Without `rate` the same topics and seed give the same bytes, timestamps of the records included.
 */
export async function ingestGenerations(ctx: IngestContext, options: GenerationsOptions): Promise<IngestSummary> {
  const users = await readUsers(ctx);
  const prompts = await readPrompts(ctx);
  const history = await readHistory(ctx, users);
  if (options.rate !== undefined || options.follow === true) {
    const count = options.count ?? (options.follow === true ? Infinity : 30_000);
    return liveTraffic(ctx, { users, prompts, history, rate: options.rate ?? 1, count, seed: options.seed });
  }
  return publishHistory(ctx, users, prompts, history, { ...options, count: options.count ?? 30_000 });
}

/** The generations an empty topic gets, less those published already. */
export async function sampleGenerations(
  ctx: IngestContext,
  options: { count: number; seed: number; published: PublishedRecords },
): Promise<IngestSummary> {
  const users = await readUsers(ctx);
  return publishHistory(ctx, users, await readPrompts(ctx), noHistory(users), options);
}

async function publishHistory(
  ctx: IngestContext,
  users: UserPool,
  prompts: PromptPool,
  history: GenerationHistory,
  options: Omit<GenerationsOptions, 'count'> & { count: number; published?: PublishedRecords },
): Promise<IngestSummary> {
  const { count, published } = options;
  await using publisher = await TopicPublisher.open(ctx, {
    topic: 'generations',
    label: 'generations',
    total: count,
    published,
  });
  if (publisher.stopped) return publisher.finish();
  const random = new Random(options.seed + history.nextId);
  const source = new GenerationSource({
    users,
    prompts,
    sessions: history.sessions,
    firstId: history.nextId,
    random,
    laterShare: options.laterShare ?? LATER_SHARE,
  });
  const publish = (record: GenerationRecord, at: number): void => publisher.publish(record, Math.floor(at / 1000));
  const pause = (historyDays(count, options.days) * DAY) / Math.max(1, count);
  let time = carriesOnAt(history, options.startAt);
  for (let i = 0; i < count && !publisher.stopped; i++) {
    source.step(Math.floor(time), publish);
    time += pause * exponential(random);
    const breath = publisher.breathe();
    if (breath !== undefined) await breath;
  }
  if (!publisher.stopped) source.settle(publish);
  return publisher.finish();
}

function historyDays(count: number, days: number | undefined): number {
  return days ?? Math.min(MAX_DAYS, Math.max(1, Math.ceil(count / PER_DAY)));
}
