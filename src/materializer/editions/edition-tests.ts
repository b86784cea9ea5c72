import { LensError } from '../../core/errors.ts';
import type { EventLog } from '../../log/event-log.ts';
import type { DataTest } from '../../project/project-contract.ts';
import type { Edition } from '../edition.ts';
import type { EditionProgress } from './next-edition-contract.ts';
import { runDataTests, testRunOf } from '../nodes/run-data-tests.ts';

export interface EditionTests {
  readonly edition: Edition;
  readonly log: EventLog;
  readonly tests: readonly DataTest[];
  readonly signal: AbortSignal;
  readonly onProgress: (progress: EditionProgress) => void;
}

/**
 * Runs data tests on an edition before it takes over. TESTS_FAILED names those that fail with severity error, or cannot be run; warnings stop
 * nothing. Throws the signal's reason when aborted.
 */
export async function requireTests({ edition, log, tests, signal, onProgress }: EditionTests): Promise<void> {
  const ids = tests.map(({ uniqueId }) => uniqueId);
  const { results } = await runDataTests(testRunOf(edition, edition.project, log), {
    tests: ids,
    signal,
    onProgress: (progress) => {
      if (progress.kind === 'result') onProgress({ label: 'tests', done: progress.index, total: progress.total });
    },
  });
  signal.throwIfAborted();
  const failed = results.filter(({ status }) => status === 'fail' || status === 'error');
  if (failed.length === 0) return;
  const names = failed.map(({ name, message }) => (message === null ? name : `${name} (${message})`));
  const what = `${failed.length} of ${tests.length} data tests failed on the new edition`;
  throw new LensError('TESTS_FAILED', `${what}, and the live one stays: ${names.join('; ')}`, {
    place: failed[0]?.path,
    hint: 'mend the records or the model and refresh again; --skip-tests swaps all the same',
    fields: {
      failed: failed.map(({ uniqueId, status, failures, message }) => ({ uniqueId, status, failures, message })),
    },
  });
}
