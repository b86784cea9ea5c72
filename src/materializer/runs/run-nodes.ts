import { runOrder } from '../../project/run-order.ts';
import type { DataTest, Model, Project, UnitTest } from '../../project/project-contract.ts';
import type { TopicCatalog } from '../../topics/catalog.ts';
import { DataTests, type TestWork } from '../nodes/data-tests.ts';
import { modelResult, modelStart, type ModelOutcomes } from '../nodes/model-results.ts';
import { type NodeStep, runSteps } from '../nodes/node-loop.ts';
import type { NodeProgress, NodeResult, TestManner } from '../nodes/node-results.ts';
import { testsOf, testStep, unitTestsOf } from '../nodes/run-data-tests.ts';
import type { RunOptions } from '../operations.ts';
import { afterHooks } from '../hooks/node-after-hooks.ts';
import type { NodeHooksRun } from '../hooks/run-hooks.ts';
import { isLoad } from './seed-run.ts';
import { unitTestStep } from '../unit-tests/run-unit-tests.ts';
import { UnitTests } from '../unit-tests/unit-tests.ts';

/** What a run or a build is of, once the models have been brought up. */
export interface NodeRun extends TestWork, ModelOutcomes {
  /** The results of seeds, which have been loaded. */
  readonly seeds: readonly NodeResult[];
  readonly models: readonly Model[];
  readonly tests: readonly DataTest[];
  readonly unitTests: readonly UnitTest[];
  /** Runs the hooks of a model; null when it has none. */
  readonly hooksOf: (model: Model) => Promise<NodeHooksRun | null>;
  /** The topics of the project, for unit tests over events. */
  readonly catalog: TopicCatalog;
}

export interface NodeRunOptions extends TestManner {
  readonly signal: AbortSignal;
  readonly onProgress?: ((progress: NodeProgress) => void) | undefined;
}

/**
 * The results of seeds and models, and of the tests, which are run now, data tests in one snapshot after the models have been brought up: in the
 * order of `dbt build`, and with its rule that what follows from a failed node, or one of whose parents failed a test, is skipped.
 *
 * A model that is skipped for a test, a seed or a hook has been kept current all the same, by its batches or by compaction: nothing vouches for
 * its rows, that is all a skip says. Ephemeral models are no relations, and have no result, as in dbt.
 */
export async function runNodes(run: NodeRun, options: NodeRunOptions): Promise<NodeResult[]> {
  const models = new Map(
    run.models.filter(({ materialized }) => materialized !== 'ephemeral').map((model) => [model.uniqueId, model]),
  );
  const seeds = new Map(run.seeds.map((seed) => [seed.uniqueId, seed]));
  const tests = new Map(run.tests.map((test) => [test.uniqueId, test]));
  await using opened = new AsyncDisposableStack();
  const runner = tests.size === 0 ? null : opened.use(await DataTests.open(run, options));
  if (runner !== null) opened.use(runner.interruptOn(options.signal));
  const unitTests = new Map(run.unitTests.map((test) => [test.uniqueId, test]));
  const units = opened.use(new UnitTests(run.project, run.catalog));
  const ids = new Set([...seeds.keys(), ...models.keys(), ...tests.keys(), ...unitTests.keys()]);
  const steps = runOrder(run.project, ids).map(({ uniqueId, blockers }) => {
    const seed = seeds.get(uniqueId);
    const model = models.get(uniqueId);
    const unitTest = unitTests.get(uniqueId);
    if (seed !== undefined) return { node: seed, blockers, begins: isLoad(seed), run: async () => seed };
    if (unitTest !== undefined) return unitTestStep(unitTest, units, blockers);
    if (model !== undefined) return modelStep(model, run, blockers, options);
    return testStep(tests.get(uniqueId) as DataTest, runner as DataTests, blockers);
  });
  return await runSteps(steps, options);
}

/** What a run is of, by what it was asked. Throws for names that the project does not have. */
export function nodesOf(
  project: Project,
  { models, tests = [], unitTests = [] }: RunOptions,
): Pick<NodeRun, 'models' | 'tests' | 'unitTests'> {
  return {
    models: models?.map((name) => project.model(name)) ?? project.models,
    tests: testsOf(project, tests),
    unitTests: unitTestsOf(project, unitTests),
  };
}

function modelStep(
  model: Model,
  run: NodeRun,
  blockers: ReadonlySet<string>,
  { onProgress }: NodeRunOptions,
): NodeStep {
  const result = modelResult(model, run);
  // What failed, or stands still, is said as it is, also where a test before it failed.
  const blocked = result.status === 'success' ? blockers : new Set<string>();
  const withHooks = async (): Promise<NodeResult> => {
    if (result.status !== 'success') return result;
    const hooks = await run.hooksOf(model);
    for (const said of hooks?.said ?? []) onProgress?.({ kind: 'said', ...said });
    return afterHooks(result, hooks);
  };
  return { node: modelStart(model), blockers: blocked, begins: false, run: withHooks };
}
