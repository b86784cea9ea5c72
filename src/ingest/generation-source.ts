import type { Random } from '../core/random.ts';
import { DueQueue } from './due-queue.ts';
import type { GenerationRecord } from './generation-record.ts';
import type { PromptPool } from './prompt-pool.ts';
import type { SessionBook } from './session-book.ts';
import { costUnits, rollDownload, rollFeedback, rollLatency, rollModel, rollRetries, rollStatus } from './telemetry.ts';
import type { UserPool } from './user-pool.ts';

/** 5 of a hundred generations get feedback or a download after the fact. */
export const LATER_SHARE = 0.05;
const DAY = 86_400_000_000;
/** Generations of a visit: 1 plus an exponential number of this mean, cut to whole numbers. */
const MORE_IN_VISIT = 7;
/** Mean pause between a result and the next prompt, microseconds. */
const THINK = 60_000_000;
const SAME_PROMPT_AGAIN = 0.5;
/** Tries to find a user who has signed up and is not in a session already. */
const PICKS = 6;
/** Mean delay of a reaction that comes after the fact, microseconds. */
const REACTION = 20 * 60 * 1_000_000;

interface Visit {
  user: number;
  prompt: number;
  left: number;
}

export interface SourceOptions {
  readonly users: UserPool;
  readonly prompts: PromptPool;
  readonly sessions: SessionBook;
  readonly firstId: number;
  readonly random: Random;
  /** Share of all generations whose feedback or download comes after the fact, as a second record: 0 .. 0.4. */
  readonly laterShare: number;
}

/** Gets each record with the time it happens at (microseconds); the record is reused for the next one. */
export type RecordSink = (record: GenerationRecord, at: number) => void;

/**
 * The simulated traffic, one generation a step. At a step whose time has come for somebody to go on with a visit, that
 * user goes on; else somebody new comes. So the caller's clock alone sets the rate, and visits become sessions by the
 * gap rule of {@link SessionBook}.
 */
export class GenerationSource {
  readonly #options: SourceOptions;
  readonly #random: Random;
  readonly #visits = new DueQueue<Visit>();
  readonly #later = new DueQueue<GenerationRecord>();
  #nextId: number;
  /** Reactions that should have come later to keep the share, but have not yet been chosen. */
  #owed = 0;
  readonly #record: GenerationRecord = {
    generation_id: 0,
    prompt_id: 0,
    user_id: 0,
    session_id: 0,
    timestamp: 0,
    session_date: 0,
    latency_ms: 0,
    status: 'success',
    cost_credits: 0,
    retry_count: 0,
    feedback: null,
    downloaded: null,
    model_version: '',
    token_count: 0,
  };

  constructor(options: SourceOptions) {
    this.#options = options;
    this.#random = options.random;
    this.#nextId = options.firstId;
  }

  /** One generation at `time` (whole microseconds, not going back), after the reactions due by then. */
  step(time: number, sink: RecordSink): void {
    while (this.#later.nextAt <= time) this.#react(sink);
    const visit = (this.#visits.nextAt <= time ? this.#visits.pop() : undefined) ?? this.#newVisit(time);
    const record = this.#simulate(visit, time);
    if (visit.left-- > 0) {
      this.#visits.push(time + record.latency_ms * 1000 + THINK * exponential(this.#random), visit);
    }
    if (this.#comesLater(record)) {
      const at = Math.floor(time + record.latency_ms * 1000 + REACTION * exponential(this.#random));
      this.#later.push(at, { ...record });
      record.feedback = null;
      record.downloaded = null;
    }
    sink(record, time);
  }

  /** All reactions still to come. */
  settle(sink: RecordSink): void {
    while (this.#later.size > 0) this.#react(sink);
  }

  #react(sink: RecordSink): void {
    const at = this.#later.nextAt;
    sink(this.#later.pop() as GenerationRecord, at);
  }

  #newVisit(time: number): Visit {
    const { users, sessions } = this.#options;
    let user = users.pick(this.#random);
    for (let pick = 1; pick < PICKS && !this.#welcomes(user, time); pick++) user = users.pick(this.#random);
    // Whoever has no session left gives way to the next who has; when nobody has, the book says so.
    for (let i = 0; i < users.size && sessions.isFull(user); i++) user = (user + 1) % users.size;
    return {
      user,
      prompt: this.#random.below(this.#options.prompts.size),
      left: Math.floor(MORE_IN_VISIT * exponential(this.#random)),
    };
  }

  #welcomes(user: number, time: number): boolean {
    return (this.#options.users.signups[user] as number) <= time && !this.#options.sessions.isOpen(user, time);
  }

  #simulate(visit: Visit, time: number): GenerationRecord {
    const random = this.#random;
    const { users, prompts, sessions } = this.#options;
    if (!random.chance(SAME_PROMPT_AGAIN)) visit.prompt = random.below(prompts.size);
    const tokens = prompts.tokens(visit.prompt);
    const tier = users.tiers[visit.user] as number;
    const status = rollStatus(random, tokens, prompts.isUnsafe(visit.prompt));
    const success = status === 'success';
    const record = this.#record;
    record.generation_id = this.#nextId++;
    record.prompt_id = prompts.ids[visit.prompt] as number;
    record.user_id = users.ids[visit.user] as number;
    record.session_id = sessions.sessionAt(visit.user, record.user_id, time);
    record.timestamp = time;
    record.session_date = Math.floor(time / DAY);
    record.status = status;
    record.latency_ms = rollLatency(random, status, tokens);
    record.cost_credits = costUnits(success, tokens, record.latency_ms, tier) / 10_000;
    record.retry_count = rollRetries(random, success);
    record.feedback = rollFeedback(random, success, tier);
    record.downloaded = rollDownload(random, success, tokens, tier);
    record.model_version = rollModel(random);
    record.token_count = tokens;
    return record;
  }

  /** A generation without feedback or download has nothing to come later; the others make up for it. */
  #comesLater(record: GenerationRecord): boolean {
    this.#owed += this.#options.laterShare;
    if (record.feedback === null && record.downloaded !== true) return false;
    if (!this.#random.chance(this.#owed / 4)) return false;
    this.#owed -= 1;
    return true;
  }
}

/** An exponential number of mean 1. */
export function exponential(random: Random): number {
  return -Math.log(1 - random.float());
}
