import { exponential, GenerationSource } from '../src/ingest/generation-source.ts';
import type { GenerationRecord } from '../src/ingest/generation-record.ts';
import { PromptPoolBuilder } from '../src/ingest/prompt-pool.ts';
import { SessionBook } from '../src/ingest/session-book.ts';
import { TIERS } from '../src/ingest/telemetry.ts';
import { UserPool } from '../src/ingest/user-pool.ts';
import { Random } from '../src/core/random.ts';
import type { Materializer } from '../src/materializer/materializer.ts';
import { PLAIN } from './plain-generation.ts';
import { SPAN } from './workload.ts';

/**
 * Whose the generations of a batch are: `visits` goes on as the history does, users coming, making several and leaving, at
 * its pace; in `scattered` each is of another user, in a session that is old: as many groups as records.
 */
export type Traffic = 'visits' | 'scattered';

/** One of so many records is a new version of a generation that is there. */
const VERSION_EVERY = 20;
/** So many prompts and past generations are taken, from all over the table and from its last fifth. */
const SAMPLE = 50_000;
/** Steps until about as many visits are under way as at any time. */
const WARM = 20_000;

/** What comes next, over the rows of a warehouse filled by the benchmark's workload. */
export class BatchTraffic {
  readonly #newGeneration: () => GenerationRecord;
  readonly #past: readonly GenerationRecord[];
  #count = 0;
  #versions = 0;

  private constructor(newGeneration: () => GenerationRecord, past: readonly GenerationRecord[]) {
    this.#newGeneration = newGeneration;
    this.#past = past;
  }

  static async over(materializer: Materializer, traffic: Traffic, facts: number): Promise<BatchTraffic> {
    const past = await storedGenerations(materializer, facts);
    const next = traffic === 'visits' ? await visits(materializer, facts) : await scattered(materializer, facts, past);
    return new BatchTraffic(next, past);
  }

  /** The next record; the same object may come again with other values. */
  next(): GenerationRecord {
    return this.#count++ % VERSION_EVERY === VERSION_EVERY - 1 ? this.#newVersion() : this.#newGeneration();
  }

  /** Feedback that comes later, as a new version of a generation some way back. */
  #newVersion(): GenerationRecord {
    const at = this.#versions++;
    const record = this.#past[at % this.#past.length] as GenerationRecord;
    return { ...record, feedback: at % 3 === 0 ? 'thumbs_down' : 'thumbs_up', downloaded: at % 2 === 0 };
  }
}

async function visits(materializer: Materializer, facts: number): Promise<() => GenerationRecord> {
  const random = new Random(7);
  const users = new UserPool(
    (await all(materializer, 'select user_id, user_tier, epoch_us(signup_date) from raw_users')).map((row) => ({
      id: Number(row[0]),
      tier: TIERS.findIndex((tier) => tier === row[1]),
      signup: Number(row[2]),
    })),
  );
  const slots = new Map([...users.ids].map((id, slot) => [id, slot]));
  const sessions = new SessionBook(users.size);
  const last = 'select user_id, max(session_id), epoch_us(max("timestamp")) from raw_generations group by user_id';
  let time = 0;
  for (const row of await all(materializer, last)) {
    const [id, session, at] = row.map(Number) as [number, number, number];
    const slot = slots.get(id);
    if (slot !== undefined) sessions.restore(slot, id, session, at);
    time = Math.max(time, at);
  }
  const prompts = new PromptPoolBuilder();
  const sample = `select prompt_id, prompt from raw_prompts order by hash(prompt_id) limit ${SAMPLE}`;
  for (const row of await all(materializer, sample)) prompts.put(Number(row[0]), String(row[1]));
  const source = new GenerationSource({
    users,
    prompts: prompts.build(),
    sessions,
    firstId: facts + 1,
    random,
    laterShare: 0,
  });
  let made: GenerationRecord | undefined;
  const next = (): GenerationRecord => {
    time += (SPAN / facts) * exponential(random);
    source.step(Math.floor(time), (record) => {
      made = record;
    });
    return made as GenerationRecord;
  };
  for (let i = 0; i < WARM; i++) next();
  return next;
}

async function scattered(
  materializer: Materializer,
  facts: number,
  past: readonly GenerationRecord[],
): Promise<() => GenerationRecord> {
  const users = Number((await all(materializer, 'select count(*) from raw_users'))[0]?.[0]);
  let id = facts;
  return () => {
    id++;
    const user = 1 + ((id * 7919) % users);
    return {
      generation_id: id,
      prompt_id: (past[(id * 7) % past.length] as GenerationRecord).prompt_id,
      user_id: user,
      session_id: user * 10_000 + 1,
      timestamp: 1_760_000_000_000_000 + id * 1000,
      session_date: 20_400,
      latency_ms: id % 5000,
      ...PLAIN,
    };
  };
}

/** Some of the last fifth of the generations, as they are stored. */
async function storedGenerations(materializer: Materializer, facts: number): Promise<GenerationRecord[]> {
  const rows = await all(
    materializer,
    `select generation_id, prompt_id, user_id, session_id, epoch_us("timestamp"), session_date - date '1970-01-01', latency_ms,
       status, cost_credits, retry_count, model_version, token_count
     from raw_generations where generation_id > ${facts * 0.8} order by hash(generation_id) limit ${SAMPLE}`,
  );
  return rows.map((row) => ({
    generation_id: Number(row[0]),
    prompt_id: Number(row[1]),
    user_id: Number(row[2]),
    session_id: Number(row[3]),
    timestamp: Number(row[4]),
    session_date: Number(row[5]),
    latency_ms: Number(row[6]),
    status: row[7] as GenerationRecord['status'],
    cost_credits: Number(row[8]),
    retry_count: Number(row[9]),
    feedback: null,
    downloaded: null,
    model_version: String(row[10]),
    token_count: Number(row[11]),
  }));
}

async function all(materializer: Materializer, sql: string): Promise<readonly (readonly unknown[])[]> {
  const { rows } = await materializer.query(sql, { maxRows: 1_000_000 });
  return rows;
}
