import type { FreshnessCheck, FreshnessResult } from '../materializer/status/freshness.ts';
import type { Level, NodeConsole } from './node-console.ts';
import { statusLine } from './node-lines.ts';
import { lasted } from './node-summary.ts';
import { counted } from './numbers.ts';

const LABELS = { pass: 'PASS', warn: 'WARN', error: 'ERROR STALE', 'runtime error': 'ERROR' } as const;
const COLOURS = { pass: 'green', warn: 'yellow', error: 'red', 'runtime error': 'red' } as const;
const LEVELS: Readonly<Record<FreshnessResult['status'], Level>> = {
  pass: 'info',
  warn: 'warn',
  error: 'error',
  'runtime error': 'error',
};

/** Runs checks one after another, in the lines of `dbt source freshness`. */
export async function printFreshness(
  console: NodeConsole,
  checks: readonly FreshnessCheck[],
): Promise<FreshnessResult[]> {
  const results: FreshnessResult[] = [];
  const total = checks.length;
  for (const [at, { name, run }] of checks.entries()) {
    const index = at + 1;
    console.line(statusLine(`START freshness of ${name}`, 'RUN', index, total), { name: 'LogStartLine', code: 'Q011' });
    const result = await run();
    results.push(result);
    const { status, seconds } = result;
    const label = LABELS[status];
    const painted = `${console.paint(COLOURS[status], label)} in ${seconds.toFixed(2)}s`;
    console.line(statusLine(`${label} freshness of ${name}`, painted, index, total), {
      name: 'LogFreshnessResult',
      code: 'Q018',
      level: LEVELS[status],
      data: {
        index,
        total,
        status,
        unique_id: result.uniqueId,
        age: result.ageSeconds,
        max_loaded_at: result.maxLoadedAt,
      },
    });
  }
  return results;
}

export function printFreshnessEnd(
  console: NodeConsole,
  results: readonly FreshnessResult[],
  milliseconds: number,
): void {
  if (results.length === 0) {
    console.line('Nothing to do. No selected source or model has a freshness with warn_after or error_after', {
      name: 'NothingToDo',
      code: 'Z045',
      level: 'warn',
    });
    return;
  }
  const of = (type: FreshnessResult['resourceType']): number =>
    results.filter(({ resourceType }) => resourceType === type).length;
  const what = [
    of('model') > 0 ? counted(of('model'), 'model') : null,
    of('source') > 0 ? counted(of('source'), 'source') : null,
  ];
  console.gap();
  console.line(`Finished running ${what.filter((one) => one !== null).join(', ')} in ${lasted(milliseconds)}.`);
  for (const result of results) {
    const { resourceType, name, path, status, message, ageSeconds } = result;
    if (status === 'pass') continue;
    const level = LEVELS[status];
    const title = status === 'warn' ? 'Warning' : 'Failure';
    console.gap(level);
    console.line(console.paint(COLOURS[status], `${title} in ${resourceType} ${name} (${path})`), {
      name: title === 'Failure' ? 'RunResultFailure' : 'RunResultWarning',
      code: title === 'Failure' ? 'Z022' : 'Z021',
      level,
    });
    const age = resourceType === 'model' ? `it is behind by ${ageText(ageSeconds)}` : newestText(result);
    console.line(`  ${message ?? `Status: ${status}, ${age}`}`, { name: 'RunResultError', code: 'Z024', level });
  }
  console.line('Done.');
}

function newestText({ maxLoadedAt, ageSeconds }: FreshnessResult): string {
  return maxLoadedAt?.startsWith('0001-') === true ? 'it has no row' : `its newest row is ${ageText(ageSeconds)} old`;
}

/** `90 s`, `3.5 hours`, `4.2 days`. */
function ageText(seconds: number): string {
  if (seconds < 120) return `${seconds.toFixed(0)} s`;
  if (seconds < 7200) return `${(seconds / 60).toFixed(1)} minutes`;
  return seconds < 172_800 ? `${(seconds / 3600).toFixed(1)} hours` : `${(seconds / 86_400).toFixed(1)} days`;
}
