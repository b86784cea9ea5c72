import type { EventLog } from '../log/event-log.ts';
import { LensError, messageOf } from '../core/errors.ts';
import type { DataTest, Project } from '../project/project-contract.ts';
import type { CheckpointEntry } from './checkpoint.ts';
import { skipped, testStart } from './data-test-outcome.ts';
import { DataTests, type TestWork } from './data-tests.ts';
import type { NodeResult, TestOptions, TestSummary } from './node-results.ts';
import { lagRows } from './status.ts';

export interface TestRun extends TestWork {
  readonly log: EventLog;
  readonly topics: readonly string[];
  /** The selected ones. */
  readonly tests: readonly DataTest[];
}

/** The tests that are asked for, in the project's order, which is dbt's. USAGE for one that the project does not have. */
export function testsOf(project: Project, { tests }: TestOptions): readonly DataTest[] {
  if (tests === undefined) return project.tests;
  const wanted = new Set(tests);
  const found = project.tests.filter(({ uniqueId }) => wanted.delete(uniqueId));
  const [missing] = wanted;
  if (missing === undefined) return found;
  throw new LensError('USAGE', `the project that the warehouse is kept by has no ${missing}`, {
    hint: 'restart the service, so that it reads the project anew',
  });
}

/**
 * Runs data tests over the warehouse as it is, and says how far that is behind the log. Nothing is caught up.
 *
 * @param leave ends it, too: the holder of the warehouse has to close it
 */
export async function runDataTests(run: TestRun, options: TestOptions, leave?: AbortSignal): Promise<TestSummary> {
  const started = performance.now();
  const signal = AbortSignal.any([options.signal, leave].filter((one) => one !== undefined));
  using tests = await DataTests.open(run, options);
  using _interrupting = tests.interruptOn(signal);
  const { checkpoint } = tests.standings;
  const results: NodeResult[] = [];
  const total = run.tests.length;
  let failed = false;
  options.onProgress?.({ kind: 'begin', found: found(run.project) });
  for (const [at, test] of run.tests.entries()) {
    const index = at + 1;
    const skip = failed && options.failFast === true;
    if (!skip) options.onProgress?.({ kind: 'start', index, total, node: testStart(test) });
    const result = skip ? skipped(testStart(test), 'Skipping due to fail_fast') : await tests.run(test);
    // What was interrupted says nothing.
    if (signal.aborted) break;
    if (result.status === 'fail' || result.status === 'error') failed = true;
    results.push(result);
    options.onProgress?.({ kind: 'result', index, total, result });
  }
  leave?.throwIfAborted();
  const milliseconds = performance.now() - started;
  return { results, milliseconds, interrupted: signal.aborted, ...(await lagBehind(run, checkpoint)) };
}

async function lagBehind(
  { log, topics }: TestRun,
  checkpoint: readonly CheckpointEntry[],
): Promise<Pick<TestSummary, 'lag' | 'logProblem'>> {
  try {
    const rows = lagRows('', await log.offsets(topics), checkpoint);
    return { lag: rows.reduce((sum, row) => sum + row.lag, 0), logProblem: null };
  } catch (error) {
    return { lag: null, logProblem: messageOf(error) };
  }
}

function found({ models, tests, sources }: Project): { kind: string; count: number }[] {
  const all = [
    { kind: 'model', count: models.length },
    { kind: 'data test', count: tests.length },
    { kind: 'source', count: sources.length },
  ];
  return all.filter(({ count }) => count > 0);
}
