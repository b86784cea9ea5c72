import { type ErrorCode, LensError, messageOf } from '../../core/errors.ts';
import type { DataTest } from '../../project/project-contract.ts';
import type { Counted, StoredIn } from './data-test-query.ts';
import type { NodeResult, NodeStart } from './node-results.ts';

/** A data test as lines name it. */
export function testStart({ uniqueId, name, path }: DataTest): NodeStart {
  return { uniqueId, resourceType: 'test', name, description: `test ${name}`, path };
}

/**
 * Where a test stores its failures; null when it does not.
 *
 * @param asked by `--store-failures`, for tests that say nothing themselves
 */
export function storedIn(test: DataTest, asked: boolean): StoredIn | null {
  const said = test.config.storeFailures;
  if (said === 'no' || (said === 'unsaid' && !asked)) return null;
  return { ...test.failuresTable(), as: said === 'view' ? 'view' : 'table' };
}

/**
 * What the count of a test's failures means: dbt's rule, and its words.
 *
 * @param warnError a warning is a failure, too
 */
export function judged(
  { severity, config }: DataTest,
  { failures, shouldWarn, shouldError }: Counted,
  warnError: boolean,
): Pick<NodeResult, 'status' | 'message' | 'failures'> {
  const got = `Got ${failures} ${failures === 1 ? 'result' : 'results'}, configured to`;
  if (severity === 'error' && shouldError) {
    return { status: 'fail', message: `${got} fail if ${config.errorIf}`, failures };
  }
  if (shouldWarn && warnError) return { status: 'fail', message: `${got} fail if ${config.warnIf}`, failures };
  if (shouldWarn) return { status: 'warn', message: `${got} warn if ${config.warnIf}`, failures };
  return { status: 'pass', message: null, failures: 0 };
}

/** What dbt calls a compilation error. */
const OF_COMPILATION: ReadonlySet<ErrorCode> = new Set([
  'MODEL_RENDER_FAILED',
  'MODEL_UNKNOWN_REF',
  'MODEL_CONTRACT_BROKEN',
]);

/** Why a node could not be run, as dbt says it: the kind of error with the node's file, then the message. */
export function runtimeError(node: NodeStart, error: unknown, message = messageOf(error)): string {
  const lines = message.split('\n');
  const kind = error instanceof LensError && OF_COMPILATION.has(error.code) ? 'Compilation' : 'Runtime';
  const what = `${kind} Error in ${node.resourceType} ${node.name} (${node.path})`;
  return [what, ...lines.map((line) => `  ${line}`)].join('\n');
}

/** A node that was not run. */
export function skipped(node: NodeStart, message: string | null): NodeResult {
  const now = new Date().toISOString();
  return {
    ...node,
    status: 'skipped',
    message,
    failures: null,
    seconds: 0,
    rowsChanged: null,
    startedAt: now,
    completedAt: now,
    adapterResponse: {},
    compiledCode: null,
    compiledPath: null,
    relationName: null,
    remarks: [],
  };
}
