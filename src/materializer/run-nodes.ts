import { runOrder } from '../project/run-order.ts';
import type { DataTest, Model } from '../project/project-contract.ts';
import { DataTests, type TestWork } from './data-tests.ts';
import { modelResult, modelStart, type ModelOutcomes } from './model-results.ts';
import { type NodeStep, runSteps } from './node-loop.ts';
import type { NodeProgress, NodeResult, TestManner } from './node-results.ts';
import { testStep } from './run-data-tests.ts';

/** What a run or a build is of, once the models have been brought up. */
export interface NodeRun extends TestWork, ModelOutcomes {
  readonly models: readonly Model[];
  readonly tests: readonly DataTest[];
}

export interface NodeRunOptions extends TestManner {
  readonly signal: AbortSignal;
  readonly onProgress?: ((progress: NodeProgress) => void) | undefined;
}

/**
 * The results of models, and of the data tests, which are run now, in one snapshot after the models have been brought up: in the
 * order of `dbt build`, and with its rule that what follows from a failed node, or one of whose parents failed a test, is skipped.
 *
 * A model that is skipped for a test has been kept current all the same, by its batches or by compaction: nothing vouches for
 * its rows, that is all a skip says. Ephemeral models are no relations, and have no result, as in dbt.
 */
export async function runNodes(run: NodeRun, options: NodeRunOptions): Promise<NodeResult[]> {
  const models = new Map(
    run.models.filter(({ materialized }) => materialized !== 'ephemeral').map((model) => [model.uniqueId, model]),
  );
  const tests = new Map(run.tests.map((test) => [test.uniqueId, test]));
  await using opened = new AsyncDisposableStack();
  const runner = tests.size === 0 ? null : opened.use(await DataTests.open(run, options));
  if (runner !== null) opened.use(runner.interruptOn(options.signal));
  const steps = runOrder(run.project, new Set([...models.keys(), ...tests.keys()])).map(({ uniqueId, blockers }) => {
    const model = models.get(uniqueId);
    if (model !== undefined) return modelStep(model, run, blockers);
    return testStep(tests.get(uniqueId) as DataTest, runner as DataTests, blockers);
  });
  return await runSteps(steps, options);
}

function modelStep(model: Model, run: ModelOutcomes, blockers: ReadonlySet<string>): NodeStep {
  const result = modelResult(model, run);
  // What failed, or stands still, is said as it is, also where a test before it failed.
  const blocked = result.status === 'success' ? blockers : new Set<string>();
  return { node: modelStart(model), blockers: blocked, begins: false, run: async () => result };
}
