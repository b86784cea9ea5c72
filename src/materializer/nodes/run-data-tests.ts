import type { EventLog } from '../../log/event-log.ts';
import { topicNames } from '../../topics/catalog.ts';
import { LensError, messageOf } from '../../core/errors.ts';
import type { DataTest, Project, UnitTest } from '../../project/project-contract.ts';
import type { CheckpointEntry } from '../checkpoint.ts';
import type { Edition } from '../edition.ts';
import { inputRelations } from '../input-tables.ts';
import { storedIn, testStart } from './data-test-outcome.ts';
import { DataTests, type TestWork } from './data-tests.ts';
import { type NodeStep, runSteps } from './node-loop.ts';
import type { NodeProgress, TestOptions, TestSummary } from './node-results.ts';
import { lagRows } from '../status/status.ts';

export interface TestRun extends TestWork {
  readonly log: EventLog;
  readonly topics: readonly string[];
}

/** A run of the data tests of a project on the edition that is kept by it. */
export function testRunOf(edition: Edition, project: Project, log: EventLog): TestRun {
  return {
    project,
    log,
    topics: topicNames(edition.catalog),
    relations: () => inputRelations(edition),
    connect: () => edition.warehouse.connect(),
  };
}

/**
 * Runs data tests over the warehouse as it is, and says how far that is behind the log. Nothing is caught up.
 *
 * @param leave ends it, too: the holder of the warehouse has to close it
 */
export async function runDataTests(run: TestRun, options: TestOptions, leave?: AbortSignal): Promise<TestSummary> {
  const started = performance.now();
  const selected = testsOf(run.project, options.tests);
  const signal = AbortSignal.any([options.signal, leave].filter((one) => one !== undefined));
  using tests = await DataTests.open(run, options);
  using _interrupting = tests.interruptOn(signal);
  const { checkpoint } = tests.standings;
  options.onProgress?.(found(run.project));
  const steps = selected.map((test) => testStep(test, tests, NOTHING));
  const results = await runSteps(steps, { ...options, signal });
  leave?.throwIfAborted();
  const milliseconds = performance.now() - started;
  return { results, milliseconds, interrupted: signal.aborted, ...(await lagBehind(run, checkpoint)) };
}

const NOTHING: ReadonlySet<string> = new Set();

/** A data test as a node to be run. */
export function testStep(test: DataTest, tests: DataTests, blockers: ReadonlySet<string>): NodeStep {
  return { node: testStart(test), blockers, begins: true, run: () => tests.run(test) };
}

/**
 * The tests that are asked for, in the project's order, which is dbt's; all when nothing is. USAGE for one that the project
 * does not have.
 */
export function testsOf(project: Project, ids: readonly string[] | undefined): readonly DataTest[] {
  return asked(project.tests, ids);
}

/** The unit tests that are asked for, likewise. */
export function unitTestsOf(project: Project, ids: readonly string[]): readonly UnitTest[] {
  return asked(project.unitTests, ids);
}

function asked<Test extends { readonly uniqueId: string }>(
  all: readonly Test[],
  ids: readonly string[] | undefined,
): readonly Test[] {
  if (ids === undefined) return all;
  const wanted = new Set(ids);
  const found = all.filter(({ uniqueId }) => wanted.delete(uniqueId));
  const [missing] = wanted;
  if (missing === undefined) return found;
  throw new LensError('USAGE', `the project that the warehouse is kept by has no ${missing}`, {
    hint: 'restart the service, so that it reads the project anew',
  });
}

/** Whether any of them may write to the warehouse. */
export function storesFailures(
  tests: readonly DataTest[],
  { storeFailures = false }: Pick<TestOptions, 'storeFailures'>,
): boolean {
  return tests.some((test) => storedIn(test, storeFailures) !== null);
}

/** What the project holds, as the first line says it. */
export function found({
  models,
  analyses,
  tests,
  sources,
  seeds,
  unitTests,
  exposures,
  operations,
}: Project): NodeProgress {
  const all = [
    { kind: 'model', count: models.length },
    { kind: 'analysis', count: analyses.length },
    { kind: 'seed', count: seeds.length },
    { kind: 'operation', count: operations.length },
    { kind: 'data test', count: tests.length },
    { kind: 'source', count: sources.length },
    { kind: 'exposure', count: exposures.length },
    { kind: 'unit test', count: unitTests.length },
  ];
  return { kind: 'begin', found: all.filter(({ count }) => count > 0) };
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
