import type { Scope } from './jinja/scope.ts';
import { fromJs, Thing, type Value } from './jinja/values.ts';
import { inZone } from './python/dates.ts';
import { modulesValue } from './python/modules.ts';
import { UTC } from './python/time-zones.ts';
import type { RunFacts, RunMoment } from './run-moment.ts';

/** dbt's names for the run that a template is rendered for; what is other at each run is noted when it is looked at. */
export function setRunNames(scope: Scope, moment: RunMoment): void {
  const { facts, thread, met } = moment;
  const other = (name: string, value: Value): void =>
    scope.setMade(name, () => {
      met.add(name);
      return value;
    });
  other('run_started_at', inZone(BigInt(Date.parse(facts.startedAt)) * 1000n, UTC));
  other('invocation_id', facts.id);
  other('thread_id', thread);
  scope.setMade('modules', () => modulesValue(() => moment.now()));
  scope.setMade('flags', () => flagsValue(facts));
  scope.setMade('invocation_args_dict', () => argumentsOf(facts));
}

/** dbt's `invocation_args_dict`: the same by the names that they have in Python. */
function argumentsOf({ which, flags }: RunFacts): Map<Value, Value> {
  const defaults = Object.entries(DEFAULTS).map(([name, value]): [string, Value] => [name.toLowerCase(), value]);
  const given = Object.entries(flags).map(([name, value]): [string, Value] => [name, fromJs(value)]);
  return new Map<Value, Value>([...defaults, ...given, ['which', which]]);
}

/** dbt's `flags`: those of the command, the others as dbt has them when nothing is said. */
function flagsValue({ which, flags }: RunFacts): Thing {
  const given = Object.entries(flags).map(([name, value]): [string, Value] => [name.toUpperCase(), fromJs(value)]);
  return new Thing('flags', { ...DEFAULTS, ...Object.fromEntries(given), WHICH: which });
}

const DEFAULTS: Readonly<Record<string, Value>> = {
  CACHE_SELECTED_ONLY: false,
  DEBUG: false,
  DEFER: false,
  EMPTY: false,
  FAIL_FAST: false,
  FAVOR_STATE: false,
  FULL_REFRESH: false,
  INTROSPECT: true,
  LOG_FORMAT: 'default',
  PARTIAL_PARSE: true,
  PRINT: true,
  QUIET: false,
  STORE_FAILURES: false,
  USE_COLORS: true,
  VERSION_CHECK: true,
  WARN_ERROR: false,
  WRITE_JSON: true,
};
