import { setTimeout as sleep } from 'node:timers/promises';
import { LensError } from '../core/errors.ts';
import { Random } from '../core/random.ts';
import { carriesOnAt, readHistory, type GenerationHistory } from './generation-history.ts';
import type { GenerationRecord } from './generation-record.ts';
import { GenerationSource, LATER_SHARE } from './generation-source.ts';
import type { IngestContext, IngestSummary } from './ingest-contract.ts';
import { readPrompts, type PromptPool } from './prompt-pool.ts';
import { TopicPublisher } from './topic-publisher.ts';
import { readUsers, type UserPool } from './user-pool.ts';

/** Milliseconds between two looks at the clock. */
const TICK = 100;
/** Whoever was away for longer (a laptop that slept) goes on from now instead of catching up in one burst. */
const FORGIVE = 5_000;

/**
 * Live traffic at `rate` generations a second until the signal is aborted. Ids and sessions carry on from what the topic
 * holds, and so does time: the newest generation's time goes on at the pace of the wall clock, so that no day between a
 * history and its continuation stays empty. The records' own timestamps are the wall clock's.
 */
export async function liveGenerations(ctx: IngestContext, options: { rate: number; seed: number }): Promise<void> {
  const users = await readUsers(ctx);
  const prompts = await readPrompts(ctx);
  const history = await readHistory(ctx, users);
  if (ctx.signal?.aborted === true) return;
  await liveTraffic(ctx, { ...options, users, prompts, history, count: Infinity });
}

export interface LiveOptions {
  readonly users: UserPool;
  readonly prompts: PromptPool;
  readonly history: GenerationHistory;
  /** Generations a second. */
  readonly rate: number;
  /** How many; Infinity for no end. */
  readonly count: number;
  readonly seed: number;
}

/** {@link liveGenerations} with what it carries on from. */
export async function liveTraffic(ctx: IngestContext, options: LiveOptions): Promise<IngestSummary> {
  if (!(options.rate > 0))
    throw new LensError('USAGE', `the rate must be above 0 generations a second: ${options.rate}`);
  const total = Number.isFinite(options.count) ? options.count : null;
  await using publisher = await TopicPublisher.open(ctx, { topic: 'generations', label: 'generations', total });
  const source = new GenerationSource({
    users: options.users,
    prompts: options.prompts,
    sessions: options.history.sessions,
    firstId: options.history.nextId,
    random: new Random(options.seed + options.history.nextId),
    laterShare: LATER_SHARE,
  });
  const base = carriesOnAt(options.history, Date.now());
  const publish = (record: GenerationRecord): void => publisher.publish(record, Date.now());
  const perMs = options.rate / 1000;
  let started = Date.now();
  for (let done = 0; done < options.count && !publisher.stopped;) {
    const behind = (Date.now() - started) * perMs - done;
    if (behind > FORGIVE * perMs + 1) started += behind / perMs;
    const due = Math.min(options.count, Math.floor((Date.now() - started) * perMs) + 1);
    for (; done < due && !publisher.stopped; done++) {
      source.step(base + Math.floor((done / perMs) * 1000), publish);
      await publisher.breathe();
    }
    await publisher.flush();
    if (done < options.count) await nap(Math.max(TICK, started + done / perMs - Date.now()), ctx.signal);
  }
  if (!publisher.stopped) source.settle(publish);
  return publisher.finish();
}

async function nap(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(milliseconds, undefined, signal === undefined ? {} : { signal }).catch((error: unknown) => {
    if (signal?.aborted !== true) throw error;
  });
}
