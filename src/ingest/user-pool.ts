import { LensError } from '../core/errors.ts';
import type { Random } from '../core/random.ts';
import { longAt, textAt } from './column-values.ts';
import type { IngestContext } from './ingest-contract.ts';
import { KeyIndex } from './key-index.ts';
import { ACTIVITY, TIERS } from './telemetry.ts';
import { scanRows } from './topic-scan.ts';

/** The users there are, as typed arrays by slot; slots are in the order of the ids. */
export class UserPool {
  readonly ids: Float64Array;
  /** Index in TIERS. */
  readonly tiers: Uint8Array;
  /** Microseconds since 1970. */
  readonly signups: Float64Array;
  readonly #byTier: readonly Int32Array[];
  readonly #shares: readonly number[];

  constructor(users: readonly { id: number; tier: number; signup: number }[]) {
    const sorted = users.toSorted((a, b) => a.id - b.id);
    this.ids = Float64Array.from(sorted, (user) => user.id);
    this.tiers = Uint8Array.from(sorted, (user) => user.tier);
    this.signups = Float64Array.from(sorted, (user) => user.signup);
    this.#byTier = TIERS.map((_, tier) => {
      const slots = sorted.keys().filter((slot) => this.tiers[slot] === tier);
      return Int32Array.from(slots);
    });
    let sum = 0;
    this.#shares = this.#byTier.map((slots, tier) => (sum += slots.length * (ACTIVITY[tier] as number)));
  }

  get size(): number {
    return this.ids.length;
  }

  /** The slot of a user, by activity of its tier. */
  pick(random: Random): number {
    const roll = random.float() * (this.#shares.at(-1) as number);
    const tier = this.#shares.findIndex((share) => roll < share);
    const slots = this.#byTier[tier] as Int32Array;
    return slots[random.below(slots.length)] as number;
  }
}

/** Reads the latest version of every user from the topic. INPUT_INVALID when there is none. */
export async function readUsers(ctx: IngestContext): Promise<UserPool> {
  const index = new KeyIndex();
  const users: ({ id: number; tier: number; signup: number } | null)[] = [];
  await scanRows(ctx, 'users', {
    rows: (rows) => {
      const ids = rows.column('user_id');
      const tiers = rows.column('user_tier');
      const signups = rows.column('signup_date');
      for (let r = 0; r < rows.count; r++) {
        const id = longAt(ids, r);
        const tier = TIERS.findIndex((name) => name === textAt(tiers, r)?.trim().toLowerCase());
        users[index.add(id)] = { id, tier: Math.max(0, tier), signup: signups.isNull(r) ? 0 : longAt(signups, r) };
      }
    },
    deleted: (keys) => {
      const ids = keys.column('user_id');
      for (let r = 0; r < keys.count; r++) users[index.add(longAt(ids, r))] = null;
    },
  });
  const there = users.filter((user) => user !== null);
  if (there.length === 0 && ctx.signal?.aborted !== true) {
    throw new LensError('INPUT_INVALID', 'the topic users holds no user', {
      place: 'users',
      hint: 'publish some first: lens ingest users --count 500',
    });
  }
  return new UserPool(there);
}
