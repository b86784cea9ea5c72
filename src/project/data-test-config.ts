import { LensError } from '../core/errors.ts';
import { asList, type Config } from './config-tree.ts';
import type { TestDefinition } from './data-test.ts';
import { largeAsText } from '../core/numbers.ts';
import type { DataTestConfig } from './project-contract.ts';

/** As errors name it. */
type NamedTest = Pick<TestDefinition, 'name' | 'place'>;

/** The configuration of a data test, checked. PROJECT_INVALID for values that have no meaning. */
export function readTestConfig(definition: NamedTest, config: Config): DataTestConfig {
  const string = (key: string, fallback: string): string => {
    const value = config[key] ?? fallback;
    if (typeof value === 'string') return value;
    throw invalid(definition, `${key} must be a text, not ${JSON.stringify(value, largeAsText)}`);
  };
  const limit = config['limit'] ?? null;
  if (limit !== null && !(typeof limit === 'number' && Number.isInteger(limit) && limit > 0)) {
    throw invalid(definition, `limit must be a whole number above 0, not ${JSON.stringify(limit, largeAsText)}`);
  }
  return {
    where: config['where'] === undefined || config['where'] === null ? null : string('where', ''),
    warnIf: string('warn_if', '!= 0'),
    errorIf: string('error_if', '!= 0'),
    limit,
    failCalc: string('fail_calc', 'count(*)'),
    storeFailures: readStoring(definition, config),
    gate: readGate(definition, config),
    meta: readMeta(config),
  };
}

/** Under `meta:` as well, as what else dbt does not know. */
function readGate(definition: NamedTest, config: Config): boolean {
  const said = config['gate'] ?? readMeta(config)['gate'] ?? false;
  if (typeof said === 'boolean') return said;
  throw invalid(definition, `gate must be true or false, not ${JSON.stringify(said, largeAsText)}`);
}

function readMeta({ meta }: Config): Readonly<Record<string, unknown>> {
  return typeof meta === 'object' && meta !== null ? (meta as Record<string, unknown>) : {};
}

export function readSeverity(definition: NamedTest, config: Config): 'error' | 'warn' {
  const said = config['severity'] ?? 'error';
  const severity = typeof said === 'string' ? said.toLowerCase() : JSON.stringify(said, largeAsText);
  if (severity === 'error' || severity === 'warn') return severity;
  throw invalid(definition, `severity must be error or warn, not ${severity}`);
}

/** `store_failures_as` goes before `store_failures`, as in dbt. */
function readStoring(definition: NamedTest, config: Config): DataTestConfig['storeFailures'] {
  const as = config['store_failures_as'] ?? null;
  if (as === null) {
    const said = asList(config['store_failures'])[0];
    return said === true ? 'table' : said === false ? 'no' : 'unsaid';
  }
  if (as === 'table' || as === 'view') return as;
  if (as === 'ephemeral') return 'no';
  const said = JSON.stringify(as, largeAsText);
  throw invalid(definition, `store_failures_as must be table, view or ephemeral, not ${said}`);
}

function invalid(definition: NamedTest, problem: string): LensError {
  return new LensError('PROJECT_INVALID', `data test ${definition.name}: ${problem}`, { place: definition.place });
}
