import { exactJson } from '../core/exact-json.ts';
import { INVOCATION } from '../core/invocation.ts';
import type { NodeResult } from '../materializer/nodes/node-results.ts';

/** The release of dbt whose artifacts are written, for readers that ask for it. */
export const DBT_VERSION = '1.11.16';

export interface RunResults {
  readonly results: readonly NodeResult[];
  readonly milliseconds: number;
  /** Flags of the command by dbt's names, with `which` command it was. */
  readonly args: Readonly<Record<string, unknown>>;
}

/** `target/run_results.json`: https://schemas.getdbt.com/dbt/run-results/v6.json */
export function runResultsJson({ results, milliseconds, args }: RunResults): string {
  return exactJson({
    metadata: artifactMetadata('run-results', 6),
    results: results.map((result) => ({
      status: result.status,
      timing: timingOf(result),
      thread_id: threadOf(result),
      execution_time: result.seconds,
      adapter_response: result.adapterResponse,
      message: result.message,
      failures: result.failures,
      unique_id: result.uniqueId,
      compiled: result.compiledCode !== null,
      compiled_code: result.compiledCode,
      relation_name: result.relationName,
      batch_results: null,
    })),
    elapsed_time: milliseconds / 1000,
    args,
  });
}

/** A hook of a project is an operation, and so is a macro that a command named. */
function threadOf({ resourceType, uniqueId }: NodeResult): string {
  if (resourceType !== 'operation') return 'Thread-1';
  return uniqueId.startsWith('macro.') ? 'MainThread' : 'main';
}

function timingOf({ status, startedAt, completedAt }: NodeResult): object[] {
  return status === 'skipped' ? [] : [{ name: 'execute', started_at: startedAt, completed_at: completedAt }];
}

/** The head of an artifact. */
export function artifactMetadata(artifact: string, version: number): Readonly<Record<string, unknown>> {
  return {
    dbt_schema_version: `https://schemas.getdbt.com/dbt/${artifact}/v${version}.json`,
    dbt_version: DBT_VERSION,
    generated_at: new Date().toISOString(),
    invocation_id: INVOCATION.id,
    invocation_started_at: INVOCATION.startedAt,
    env: {},
  };
}
