import { LensError, messageOf } from '../core/errors.ts';
import type { DataTest } from '../project/project-contract.ts';
import { qualified } from '../project/relation-naming.ts';
import type { Connection } from '../warehouse/connection.ts';

export interface FailedTest {
  readonly name: string;
  /** How many rows fail it; null when its SQL fails. */
  readonly failures: number | null;
  readonly message: string;
}

/**
 * Runs data tests on an edition before it takes over. TESTS_FAILED names those that fail with severity error; the others may fail, as
 * dbt's warnings.
 *
 * @param onDone after each, with their number so far
 */
export async function requireTests(
  connection: Connection,
  tests: readonly DataTest[],
  signal: AbortSignal,
  onDone: (done: number) => void,
): Promise<void> {
  using _interrupting = connection.interruptOn(signal);
  const failed: FailedTest[] = [];
  for (const [i, test] of tests.entries()) {
    const failure = await failureOf(connection, test);
    signal.throwIfAborted();
    if (failure !== null) failed.push(failure);
    onDone(i + 1);
  }
  if (failed.length === 0) return;
  const names = failed.map(({ name, message }) => `${name} (${message})`);
  const what = `${failed.length} of ${tests.length} data tests failed on the new edition`;
  throw new LensError('TESTS_FAILED', `${what}, and the live one stays: ${names.join('; ')}`, {
    place: failed[0]?.name,
    hint: 'mend the records or the model and refresh again; --skip-tests swaps all the same',
    fields: { failed },
  });
}

async function failureOf(connection: Connection, test: DataTest): Promise<FailedTest | null> {
  try {
    const [row] = await connection.rows<{ failures: number; should_error: boolean }>(test.resultSql(qualified));
    if (row === undefined || test.severity !== 'error' || !row.should_error) return null;
    const { failures } = row;
    return { name: test.name, failures, message: failures === 1 ? '1 failing row' : `${failures} failing rows` };
  } catch (error) {
    return { name: test.name, failures: null, message: messageOf(error) };
  }
}
