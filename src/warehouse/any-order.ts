import { messageOf } from '../core/errors.ts';
import type { Connection } from './connection.ts';

/** A statement that could not be run, with DuckDB's reason. */
export interface NotMade<T> {
  readonly one: T;
  readonly reason: string;
}

/**
 * Runs CREATE statements of which some may need what others make, as views over views: those that do not bind yet wait for the others. A statement
 * that does not bind leaves the transaction as it was. Gives those that never did.
 */
export async function makeInAnyOrder<T extends { readonly sql: string }>(
  connection: Connection,
  statements: readonly T[],
): Promise<NotMade<T>[]> {
  let waiting: readonly T[] = statements;
  for (;;) {
    const failed: NotMade<T>[] = [];
    for (const one of waiting) {
      try {
        await connection.run(one.sql);
      } catch (error) {
        failed.push({ one, reason: messageOf(error).split('\n')[0] as string });
      }
    }
    if (failed.length === 0 || failed.length === waiting.length) return failed;
    waiting = failed.map(({ one }) => one);
  }
}
