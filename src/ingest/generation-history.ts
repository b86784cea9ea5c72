import { DEFAULT_START_AT, type IngestContext } from './ingest-contract.ts';
import { longAt } from './column-values.ts';
import { KeyIndex } from './key-index.ts';
import { SessionBook } from './session-book.ts';
import { scanRows } from './topic-scan.ts';
import type { UserPool } from './user-pool.ts';

/** Where the generations topic stands, so that new ones carry on from there. */
export interface GenerationHistory {
  readonly nextId: number;
  /** Time of the newest generation, microseconds; null when there is none. */
  readonly newestAt: number | null;
  readonly sessions: SessionBook;
}

/** A history with nothing in it. */
export function noHistory(users: UserPool): GenerationHistory {
  return { nextId: 1, newestAt: null, sessions: new SessionBook(users.size) };
}

/** Reads the topic once for its largest id, its newest time and the last session of every user. */
export async function readHistory(ctx: IngestContext, users: UserPool): Promise<GenerationHistory> {
  const slots = new KeyIndex();
  for (const id of users.ids) slots.add(id);
  const sessions = new SessionBook(users.size);
  let largest = 0;
  let newest = -Infinity;
  await scanRows(ctx, 'generations', {
    rows: (rows) => {
      const ids = rows.column('generation_id');
      const userIds = rows.column('user_id');
      const sessionIds = rows.column('session_id');
      const times = rows.column('timestamp');
      for (let r = 0; r < rows.count; r++) {
        const userId = longAt(userIds, r);
        const time = longAt(times, r);
        largest = Math.max(largest, longAt(ids, r));
        newest = Math.max(newest, time);
        const slot = slots.find(userId);
        if (slot >= 0) sessions.restore(slot, userId, longAt(sessionIds, r), time);
      }
    },
  });
  return { nextId: largest + 1, newestAt: newest === -Infinity ? null : newest, sessions };
}

/** The first moment of new traffic, microseconds: right after the newest generation, or `startAt` (milliseconds). */
export function carriesOnAt(history: GenerationHistory, startAt: number = DEFAULT_START_AT): number {
  return history.newestAt === null ? Math.floor(startAt) * 1000 : history.newestAt + 1_000_000;
}
