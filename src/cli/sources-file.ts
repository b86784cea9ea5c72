import type { FreshnessResult } from '../materializer/status/freshness.ts';
import type { FreshnessLimit } from '../project/freshness-config.ts';
import { artifactMetadata } from './run-results-file.ts';

/** `target/sources.json`, of sources alone, as its readers expect: https://schemas.getdbt.com/dbt/sources/v3.json */
export function sourcesJson(results: readonly FreshnessResult[], milliseconds: number): string {
  return JSON.stringify({
    metadata: artifactMetadata('sources', 3),
    results: results.filter(({ resourceType }) => resourceType === 'source').map(entryOf),
    elapsed_time: milliseconds / 1000,
  });
}

function entryOf(result: FreshnessResult): object {
  const { uniqueId, status, message, criteria, startedAt, snapshottedAt, seconds } = result;
  if (status === 'runtime error') return { unique_id: uniqueId, error: message, status };
  return {
    unique_id: uniqueId,
    max_loaded_at: result.maxLoadedAt,
    snapshotted_at: snapshottedAt,
    max_loaded_at_time_ago_in_s: result.ageSeconds,
    status,
    criteria: {
      warn_after: limitOf(criteria.warnAfter),
      error_after: limitOf(criteria.errorAfter),
      filter: criteria.filter,
    },
    adapter_response: {},
    timing: [{ name: 'execute', started_at: startedAt, completed_at: snapshottedAt }],
    thread_id: 'Thread-1',
    execution_time: seconds,
  };
}

function limitOf(limit: FreshnessLimit | null): object {
  return limit ?? { count: null, period: null };
}
