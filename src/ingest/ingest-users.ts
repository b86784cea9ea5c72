import { Random } from '../core/random.ts';
import { DEFAULT_START_AT, type IngestContext, type IngestSummary } from './ingest-contract.ts';
import { TIERS } from './telemetry.ts';
import type { PublishedRecords } from './resuming-writer.ts';
import { TopicPublisher } from './topic-publisher.ts';

const TIER_SHARES = [70, 25, 5] as const;
const REGIONS = [
  ['us-west', 30],
  ['us-east', 25],
  ['europe', 20],
  ['asia', 15],
  ['other', 10],
] as const;
const DEVICES = [
  ['desktop', 70],
  ['mobile', 25],
  ['tablet', 5],
] as const;
/** Users signed up from a year before the history's start to 20 days into it. */
const DAYS_BEFORE = 365;
const DAYS_AFTER = 20;
const DAY_MS = 86_400_000;

export interface UsersOptions {
  readonly count: number;
  readonly seed: number;
  /** Start of the history the users live in, milliseconds since 1970. */
  readonly startAt?: number | undefined;
  /** See TopicPublisher. */
  readonly published?: PublishedRecords | undefined;
}

/** One value of the `users` topic (design, "Topics"). */
export type UserRecord = {
  user_id: number;
  user_tier: (typeof TIERS)[number];
  /** Microseconds since 1970. */
  signup_date: number;
  cohort_week: string;
  region: string;
  device_type: string;
};

/** Publishes users 1 .. count. The same seed gives the same users, and more of them leave the first ones as they are. */
export async function ingestUsers(ctx: IngestContext, options: UsersOptions): Promise<IngestSummary> {
  const startAt = options.startAt ?? DEFAULT_START_AT;
  const { count, published } = options;
  await using publisher = await TopicPublisher.open(ctx, { topic: 'users', label: 'users', total: count, published });
  for (const user of syntheticUsers(options.count, options.seed, startAt)) {
    if (publisher.stopped) break;
    publisher.publish(user, startAt);
    await publisher.breathe();
  }
  return publisher.finish();
}

/** The users of a seed. */
export function* syntheticUsers(count: number, seed: number, startAt = DEFAULT_START_AT): Generator<UserRecord> {
  const random = new Random(seed ^ 0x75736572);
  for (let id = 1; id <= count; id++) {
    const signup = Math.floor(startAt + (random.float() * (DAYS_BEFORE + DAYS_AFTER) - DAYS_BEFORE) * DAY_MS);
    yield {
      user_id: id,
      user_tier: random.weighted(TIERS.map((tier, i) => [tier, TIER_SHARES[i] as number] as const)),
      signup_date: signup * 1000,
      cohort_week: cohortWeek(signup),
      region: random.weighted(REGIONS),
      device_type: random.weighted(DEVICES),
    };
  }
}

/** `%Y-W%W` of C's strftime in UTC: weeks start on Monday, days before the year's first Monday are in week 00. */
export function cohortWeek(milliseconds: number): string {
  const date = new Date(milliseconds);
  const year = date.getUTCFullYear();
  const dayOfYear = Math.floor((Date.UTC(year, date.getUTCMonth(), date.getUTCDate()) - Date.UTC(year, 0, 1)) / DAY_MS);
  const daysSinceMonday = (date.getUTCDay() + 6) % 7;
  const week = Math.floor((dayOfYear + 7 - daysSinceMonday) / 7);
  return `${year}-W${String(week).padStart(2, '0')}`;
}
