import type { DeadLetter } from '../topics/topic-contract.ts';
import type { Connection, SqlValue } from '../warehouse/connection.ts';

/** Rows of one INSERT: parameters are bound one by one, so more of them per statement gain little. */
const ROWS_PER_INSERT = 100;

/** Keeps records that could not become rows, with their bytes as sent, inside the batch's transaction. */
export async function keepDeadLetters(
  connection: Connection,
  letters: readonly DeadLetter[],
  landedAt: number,
): Promise<void> {
  for (let from = 0; from < letters.length; from += ROWS_PER_INSERT) {
    const slice = letters.slice(from, from + ROWS_PER_INSERT);
    const row = '(?, ?, ?, make_timestamp(?::bigint), ?, ?, ?, ?, make_timestamp(?::bigint))';
    await connection.run(
      `insert into lens.dead_letters values ${slice.map(() => row).join(', ')}`,
      slice.flatMap((letter) => values(letter, landedAt)),
    );
  }
}

function values(letter: DeadLetter, landedAt: number): SqlValue[] {
  const { topic, partition, offset, timestamp, key, value, reasonCode, reason } = letter;
  const micros = (milliseconds: number): bigint => BigInt(Math.trunc(milliseconds)) * 1000n;
  return [topic, partition, BigInt(offset), micros(timestamp), key, value, reasonCode, reason, micros(landedAt)];
}
