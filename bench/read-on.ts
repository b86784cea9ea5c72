import { setImmediate } from 'node:timers/promises';

/** One read: when it began (milliseconds since 1970, with fractions) and how long it took. */
export type Read = readonly [began: number, milliseconds: number];

/** The time on all threads of the machine, in milliseconds since 1970, with fractions. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

/** Asks one after another, without a pause, until told to stop. */
export async function readOn(
  ask: (sql: string) => Promise<unknown>,
  queries: readonly string[],
  ended: () => boolean,
): Promise<Read[]> {
  const reads: Read[] = [];
  while (!ended()) {
    for (const sql of queries) {
      const began = now();
      await ask(sql);
      reads.push([began, now() - began]);
    }
    await setImmediate();
  }
  return reads;
}
