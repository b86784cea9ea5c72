import type { NodeResult } from '../materializer/nodes/node-results.ts';
import { withoutDatabase } from '../project/relation-naming.ts';
import { counted } from './numbers.ts';
import type { NodeConsole } from './node-console.ts';

export interface Ending {
  readonly results: readonly NodeResult[];
  /** What was run: `3 data tests`. */
  readonly what: string;
  readonly milliseconds: number;
  readonly interrupted: boolean;
  /** Streaming: how far behind what was seen is. */
  readonly remarks: readonly string[];
  /** Where compiled SQL has been written, as people may type it; null when it has not. */
  readonly compiledIn: string | null;
}

/** dbt's last lines: what has failed and why, then the counts. Gives the exit code: 1 when a node failed, or was skipped for that. */
export function printEnding(console: NodeConsole, ending: Ending): 0 | 1 {
  const { results, interrupted } = ending;
  console.gap();
  console.line(`Finished running ${ending.what} in ${lasted(ending.milliseconds)}.`, {
    name: 'FinishedRunningStats',
    code: 'E047',
  });
  for (const remark of ending.remarks) console.line(remark);
  const errors = results.filter(
    ({ status, message }) => isFailure(status) || (status === 'skipped' && message !== null),
  );
  const warnings = results.filter(({ status }) => status === 'warn');
  console.gap();
  console.line(headline(console, errors.length, warnings.length, interrupted), {
    name: 'EndOfRunSummary',
    code: 'Z030',
  });
  for (const result of errors) if (isFailure(result.status)) printWhy(console, result, ending.compiledIn);
  for (const result of warnings) printWhy(console, result, ending.compiledIn);
  console.gap();
  const { text, counts } = statsOf(results);
  console.line(text, { name: 'StatsLine', code: 'Z023', data: { stats: counts } });
  return errors.length > 0 || interrupted ? 1 : 0;
}

function isFailure(status: NodeResult['status']): boolean {
  return status === 'error' || status === 'fail';
}

function headline(console: NodeConsole, errors: number, warnings: number, interrupted: boolean): string {
  if (interrupted) return console.paint('yellow', 'Exited because of keyboard interrupt');
  if (errors > 0) {
    const all = `${counted(errors, 'error')}, 0 partial successes, and ${counted(warnings, 'warning')}`;
    return console.paint('red', `Completed with ${all}:`);
  }
  if (warnings > 0) return console.paint('yellow', `Completed with ${counted(warnings, 'warning')}:`);
  return console.paint('green', 'Completed successfully');
}

function printWhy(console: NodeConsole, result: NodeResult, compiledIn: string | null): void {
  const failed = isFailure(result.status);
  const level = failed ? 'error' : 'warn';
  const { resourceType, name, path: file, message, compiledCode, compiledPath, relationName, remarks } = result;
  console.gap(level);
  const title = `${failed ? 'Failure' : 'Warning'} in ${resourceType} ${name} (${file})`;
  const [event, code] = failed ? ['RunResultFailure', 'Z022'] : ['RunResultWarning', 'Z021'];
  console.line(console.paint(failed ? 'red' : 'yellow', title), { name: event, code, level });
  const why = message ?? `Status: ${result.status}`;
  if (failed) console.line(`  ${why}`, { name: 'RunResultError', code: 'Z024', level });
  else console.line(why, { name: 'RunResultWarningMessage', code: 'Z049', level });
  for (const remark of remarks) console.line(`  ${remark}`, { name: 'Note', code: 'Z050', level });
  if (compiledIn !== null && compiledCode !== null && compiledPath !== null) {
    const where = `${compiledIn}/${compiledPath}`;
    console.gap();
    console.line(`  compiled code at ${where}`, { name: 'SQLCompiledPath', code: 'Z026', data: { path: where } });
  }
  if (resourceType === 'test' && relationName !== null) {
    const query = `select * from ${withoutDatabase(relationName)}`;
    const border = '-'.repeat(query.length);
    console.gap();
    console.line(`  See test failures:\n  ${border}\n  ${query}\n  ${border}`, {
      name: 'CheckNodeTestFailure',
      code: 'Z027',
    });
  }
}

/** `Done. PASS=7 WARN=1 ERROR=0 SKIP=0 NO-OP=0 TOTAL=8`. */
function statsOf(results: readonly NodeResult[]): { text: string; counts: Readonly<Record<string, number>> } {
  const of = (...statuses: NodeResult['status'][]): number =>
    results.filter(({ status }) => statuses.includes(status)).length;
  const counts = {
    pass: of('pass', 'success'),
    warn: of('warn'),
    error: of('error', 'fail'),
    skip: of('skipped'),
    noop: 0,
    total: results.length,
  };
  const { pass, warn, error, skip, total } = counts;
  return { text: `Done. PASS=${pass} WARN=${warn} ERROR=${error} SKIP=${skip} NO-OP=0 TOTAL=${total}`, counts };
}

/** `0 hours 0 minutes and 0.60 seconds (0.60s)`. */
export function lasted(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  return `${hours} hours ${minutes} minutes and ${(seconds % 60).toFixed(2)} seconds (${seconds.toFixed(2)}s)`;
}
