import { setImmediate } from 'node:timers/promises';
import { Random } from '../src/core/random.ts';
import type { EventLog, LogWriter } from '../src/log/event-log.ts';
import { noHistory } from '../src/ingest/generation-history.ts';
import type { GenerationRecord } from '../src/ingest/generation-record.ts';
import { exponential, GenerationSource } from '../src/ingest/generation-source.ts';
import { DEFAULT_START_AT } from '../src/ingest/ingest-contract.ts';
import { syntheticUsers, type UserRecord } from '../src/ingest/ingest-users.ts';
import { PromptPoolBuilder } from '../src/ingest/prompt-pool.ts';
import type { IdentifiedPrompt } from '../src/ingest/prompt-record.ts';
import { syntheticPrompts } from '../src/ingest/synthetic-prompts.ts';
import { TIERS } from '../src/ingest/telemetry.ts';
import { UserPool } from '../src/ingest/user-pool.ts';
import type { TopicCatalog } from '../src/topics/catalog.ts';
import type { RecordEncoder } from '../src/topics/record-encoder.ts';

export interface WorkloadOptions {
  readonly generations: number;
  readonly users: number;
  readonly prompts: number;
  /** So many of a hundred users and prompts are published in the second half of the generations, or after them. */
  readonly latePercent: number;
  /** So many of a hundred generations come again as a new version (0 to 40). */
  readonly newVersionPercent: number;
  readonly seed: number;
}

/** What was published; `generations` counts records, new versions included. */
export interface WorkloadSummary {
  readonly users: number;
  readonly prompts: number;
  readonly generations: number;
  readonly newVersions: number;
  readonly lateUsers: number;
  readonly latePrompts: number;
  readonly milliseconds: number;
}

/** The generations of a workload come within so many microseconds: 30 days. */
export const SPAN = 30 * 86_400_000_000;
const BREATHE_EVERY = 1_000;

/**
 * Publishes the benchmark's records, the same ones for the same options: users and prompts first, but for the late ones;
 * then the generations by time, with new versions in between and the late users and prompts spread over their second half.
 */
export async function publishWorkload(
  log: EventLog,
  catalog: TopicCatalog,
  options: WorkloadOptions,
): Promise<WorkloadSummary> {
  const started = performance.now();
  const random = new Random(options.seed);
  await using out = await WorkloadWriter.open(log, catalog);
  const users = [...syntheticUsers(options.users, options.seed)];
  const prompts = await allPrompts(options);
  const late = chosenLate([...users.map(userRecord), ...prompts.map(promptRecord)], options.latePercent, random);
  for (const record of late.onTime) await out.add(record, START_MS);
  const versions = await publishGenerations(out, users, prompts, late.later, { ...options, random });
  const lateUsers = late.later.filter(({ topic }) => topic === 'users').length;
  await out.flush();
  return {
    users: users.length,
    prompts: prompts.length,
    generations: options.generations + versions,
    newVersions: versions,
    lateUsers,
    latePrompts: late.later.length - lateUsers,
    milliseconds: Math.round(performance.now() - started),
  };
}

const START_MS = DEFAULT_START_AT;

interface TopicRecord {
  readonly topic: 'users' | 'prompts' | 'generations';
  readonly value: Readonly<Record<string, unknown>>;
}

function userRecord(user: UserRecord): TopicRecord {
  return { topic: 'users', value: user };
}

function promptRecord({ id, record }: IdentifiedPrompt): TopicRecord {
  return { topic: 'prompts', value: { prompt_id: id, ...record } };
}

async function allPrompts(options: WorkloadOptions): Promise<IdentifiedPrompt[]> {
  const prompts: IdentifiedPrompt[] = [];
  for await (const chunk of syntheticPrompts(options.prompts, options.seed).chunks()) prompts.push(...chunk);
  return prompts;
}

function chosenLate(
  records: readonly TopicRecord[],
  percent: number,
  random: Random,
): { onTime: TopicRecord[]; later: TopicRecord[] } {
  const onTime: TopicRecord[] = [];
  const later: TopicRecord[] = [];
  for (const record of records) (random.chance(percent / 100) ? later : onTime).push(record);
  // Mixed, so that users and prompts arrive side by side.
  for (let i = later.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [later[i], later[j]] = [later[j] as TopicRecord, later[i] as TopicRecord];
  }
  return { onTime, later };
}

/** Gives the number of new versions. */
async function publishGenerations(
  out: WorkloadWriter,
  users: readonly UserRecord[],
  prompts: readonly IdentifiedPrompt[],
  late: readonly TopicRecord[],
  options: WorkloadOptions & { random: Random },
): Promise<number> {
  const { generations, random } = options;
  const pool = userPool(users);
  const builder = new PromptPoolBuilder();
  for (const { id, record } of prompts) builder.put(id, record.prompt);
  const source = new GenerationSource({
    users: pool,
    prompts: builder.build(),
    sessions: noHistory(pool).sessions,
    firstId: 1,
    random,
    laterShare: options.newVersionPercent / 100,
  });
  let records = 0;
  const publish = (record: GenerationRecord, at: number): void => {
    records++;
    out.addNow({ topic: 'generations', value: record }, Math.floor(at / 1000));
  };
  let time = START_MS * 1000;
  let nextLate = 0;
  const half = generations / 2;
  for (let i = 0; i < generations; i++) {
    source.step(Math.floor(time), publish);
    time += (SPAN / generations) * exponential(random);
    while (nextLate < late.length && i >= half + (nextLate / late.length) * half) {
      out.addNow(late[nextLate++] as TopicRecord, Math.floor(time / 1000));
    }
    if (i % BREATHE_EVERY === 0) await out.breathe();
  }
  source.settle(publish);
  for (; nextLate < late.length; nextLate++) out.addNow(late[nextLate] as TopicRecord, Math.floor(time / 1000));
  return records - generations;
}

function userPool(users: readonly UserRecord[]): UserPool {
  return new UserPool(
    users.map((user) => ({ id: user.user_id, tier: TIERS.indexOf(user.user_tier), signup: user.signup_date })),
  );
}

type Encoders = Readonly<Record<TopicRecord['topic'], RecordEncoder>>;

/** One writer for the three topics, in the order of the calls. */
class WorkloadWriter implements AsyncDisposable {
  readonly #writer: LogWriter;
  readonly #encoders: Encoders;
  #added = 0;

  private constructor(writer: LogWriter, encoders: Encoders) {
    this.#writer = writer;
    this.#encoders = encoders;
  }

  static async open(log: EventLog, catalog: TopicCatalog): Promise<WorkloadWriter> {
    return new WorkloadWriter(await log.write(), {
      users: await catalog.encoder('users'),
      prompts: await catalog.encoder('prompts'),
      generations: await catalog.encoder('generations'),
    });
  }

  addNow({ topic, value }: TopicRecord, timestamp: number): void {
    const record = this.#encoders[topic].record(value);
    this.#writer.add(topic, record.key, record.value, { timestamp });
  }

  async add(record: TopicRecord, timestamp: number): Promise<void> {
    this.addNow(record, timestamp);
    if (++this.#added % BREATHE_EVERY === 0) await this.breathe();
  }

  async breathe(): Promise<void> {
    await this.#writer.drain();
    await setImmediate();
  }

  flush(): Promise<void> {
    return this.#writer.flush();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer[Symbol.asyncDispose]();
  }
}
