import { runtimeError } from '../nodes/data-test-outcome.ts';
import type { NodeResult } from '../nodes/node-results.ts';
import type { NodeHooksRun } from './run-hooks.ts';

/** A node that is done, with what its hooks have come to: one that fails fails the node, as in dbt. */
export function afterHooks(result: NodeResult, hooks: NodeHooksRun | null): NodeResult {
  if (hooks === null) return result;
  const completedAt = new Date().toISOString();
  if (hooks.error === null) return { ...result, completedAt };
  const remark = `a hook of ${result.name} failed: its rows are kept current all the same`;
  return {
    ...result,
    completedAt,
    status: 'error',
    message: runtimeError(result, hooks.error),
    adapterResponse: {},
    remarks: [...result.remarks, remark],
  };
}
