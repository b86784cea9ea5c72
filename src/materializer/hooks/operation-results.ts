import type { Operation } from '../../project/hooks.ts';
import type { NodeResult, NodeStart } from '../nodes/node-results.ts';

/** A hook of a project as lines name it: `hook: PACKAGE.on-run-start.0`, counted over all hooks of that kind. */
export function operationStart({ uniqueId, name, packageName, kind }: Operation, at: number): NodeStart {
  const description = `hook: ${packageName}.${kind}.${at}`;
  return { uniqueId, resourceType: 'operation', name, description, path: './dbt_project.yml' };
}

/** What became of it, in dbt's words. */
export function operationResult(
  operation: Operation,
  at: number,
  outcome: {
    readonly status: 'success' | 'error' | 'skipped';
    readonly error?: string;
    readonly sql: string | null;
    readonly startedAt: Date;
    readonly remarks?: readonly string[];
  },
): NodeResult {
  const { status, error, sql, startedAt, remarks = [] } = outcome;
  const start = operationStart(operation, at);
  const label = start.description.replace('hook: ', '');
  const now = new Date();
  const said = { success: `${label} passed`, skipped: `${label} skipped`, error: `${label} failed, error:\n ${error}` };
  return {
    ...start,
    status,
    message: said[status],
    failures: status === 'success' ? 0 : 1,
    seconds: status === 'skipped' ? 0 : (now.getTime() - startedAt.getTime()) / 1000,
    rowsChanged: null,
    startedAt: startedAt.toISOString(),
    completedAt: now.toISOString(),
    adapterResponse: {},
    compiledCode: sql,
    compiledPath: `${operation.packageName}/./dbt_project.yml/hooks/${operation.name}.sql`,
    relationName: null,
    remarks,
  };
}
