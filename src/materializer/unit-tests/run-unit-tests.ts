import type { Project, UnitTest } from '../../project/project-contract.ts';
import type { TopicCatalog } from '../../topics/catalog.ts';
import { type LoopOptions, type NodeStep, runSteps } from '../nodes/node-loop.ts';
import type { NodeResult } from '../nodes/node-results.ts';
import { UnitTests, unitTestStart } from './unit-tests.ts';

/** Runs unit tests, in the order in which they are given. */
export async function runUnitTests(
  project: Project,
  catalog: TopicCatalog,
  tests: readonly UnitTest[],
  options: LoopOptions,
): Promise<NodeResult[]> {
  await using runner = new UnitTests(project, catalog);
  return await runSteps(
    tests.map((test) => unitTestStep(test, runner, NOTHING)),
    options,
  );
}

const NOTHING: ReadonlySet<string> = new Set();

/** A unit test as a node to be run. */
export function unitTestStep(test: UnitTest, runner: UnitTests, blockers: ReadonlySet<string>): NodeStep {
  return { node: unitTestStart(test), blockers, begins: true, run: () => runner.run(test) };
}
