import { skipped, testStart } from '../materializer/nodes/data-test-outcome.ts';
import { modelStart } from '../materializer/nodes/model-results.ts';
import type { NodeProgress, NodeResult, NodeStart } from '../materializer/nodes/node-results.ts';
import { seedStart } from '../materializer/runs/seed-run.ts';
import { unitTestStart } from '../materializer/unit-tests/unit-tests.ts';
import type { Project } from '../project/project-contract.ts';
import { runOrder } from '../project/run-order.ts';

/** The results of nodes of which none is run, in dbt's order, with a line each. */
export function skippedNodes(
  project: Project,
  ids: readonly string[],
  print: (progress: NodeProgress) => void,
): NodeResult[] {
  const stored = project.models.filter(({ materialized }) => materialized !== 'ephemeral');
  const starts: readonly NodeStart[] = [
    ...stored.map(modelStart),
    ...project.seeds.map(seedStart),
    ...project.tests.map(testStart),
    ...project.unitTests.map(unitTestStart),
  ];
  const known = new Map(starts.map((start) => [start.uniqueId, start]));
  const order = runOrder(project, new Set(ids.filter((id) => known.has(id))));
  return order.map(({ uniqueId }, at) => {
    const result = skipped(known.get(uniqueId) as NodeStart, null);
    print({ kind: 'result', index: at + 1, total: order.length, result });
    return result;
  });
}
