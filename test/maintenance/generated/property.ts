import { AssertionError } from 'node:assert';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { type LandingScenario, LandingBench, landingScenarios } from './landing-bench.ts';
import { LineageBench, type LineageScenario, lineageScenarios } from './lineage-bench.ts';
import { OracleBench } from './oracle-bench.ts';
import { rowChanges } from './raw-rows.ts';
import { readShapes } from '../golden/read-shapes.ts';
import { aimed, type Scenario, scenarios, steps } from './scenario.ts';

/** One property of upkeep: scenarios, and a bench on which each must hold. */
interface Property<T> {
  readonly scenarios: fc.Arbitrary<T>;
  readonly open: () => Promise<AsyncDisposable & Bench<T>>;
}

interface Bench<T> {
  /** AssertionError when a table differs from its SQL. */
  check(scenario: T): Promise<void>;
  /** How many models were kept in which way. */
  readonly kept: ReadonlyMap<string, number>;
}

/** Every kind of kept aggregate over groups that gain, lose and exchange rows; some keys and values are null. */
const AGGREGATES = `select a, count(*) as n, count(b) as b, cast(sum(x) as decimal(38, 2)) as s, min(x) as least, max(t) as last,
  count(distinct b) as values, count(distinct t) filter (where b > 1) as texts, min(d) filter (where b is not null) as first,
  count(*) filter (where t = 'x') as xs, sum(b) filter (where t <> 'x') as rest, max(b) as most,
  avg(b) as mean, avg(x) filter (where b > 1) as part, bool_and(b > 1) as every_one, bool_or(t = 'x') as any_x, sum(distinct b) as once
from {{ source('raw', 'facts') }} where id <> 9 group by a`;

export const KEPT_AGGREGATES: Scenario['models'] = [
  { kind: 'table', sql: AGGREGATES },
  { kind: 'table', sql: `select n, count(*) as groups, max(least) as greatest from {{ ref('m0') }} group by n` },
];

const NAMES = ['models', 'shapes', 'aggregates', 'landing', 'lineage'] as const;

/**
 * Random graphs of models; the shapes of `golden/`; every kind of kept aggregate; random graphs by way of topics, the log
 * and restarts; rows of random models made again from what they follow from.
 */
export type PropertyName = (typeof NAMES)[number];
export const PROPERTY_NAMES: readonly PropertyName[] = NAMES;

/** @param shape the name of the only shape, where the property is not to choose one or make random models */
function propertyOf(
  name: PropertyName,
  shape: string | undefined,
): Property<Scenario> | Property<LandingScenario> | Property<LineageScenario> {
  const shapes = readShapes().filter((one) => shape === undefined || one.name === shape);
  if (shapes.length === 0) throw new Error(`no shape is called ${shape}`);
  const shaped = fc.constantFrom(...shapes.map(({ models }) => models));
  const open = (): Promise<OracleBench> => OracleBench.open();
  switch (name) {
    case 'models':
      return { scenarios: scenarios(), open };
    case 'shapes':
      return { scenarios: fc.record({ models: shaped, steps: steps(rowChanges(), 6) }).map(aimed), open };
    case 'aggregates':
      return {
        scenarios: fc
          .record({ models: fc.constant(KEPT_AGGREGATES), steps: steps(rowChanges(['facts']), 8) })
          .map(aimed),
        open,
      };
    case 'landing':
      return { scenarios: landingScenarios(shape === undefined ? null : shaped), open: () => LandingBench.open() };
    case 'lineage':
      return { scenarios: lineageScenarios(), open: () => LineageBench.open() };
  }
}

export interface RunOptions {
  readonly runs: number;
  /** Chosen at random and printed with a failure when it is not given. */
  readonly seed?: number | undefined;
  /** Of the properties `shapes` and `landing`: over this shape alone. */
  readonly shape?: string | undefined;
  /** Report the first failure as it is, and keep nothing. */
  readonly first?: boolean;
}

export const REGRESSIONS = path.join(import.meta.dirname, '../regressions');

/** A failed property: `cause` is an AssertionError where a table differs, anything else where upkeep itself failed. */
export class PropertyFailed extends Error {
  readonly isDifference: boolean;

  constructor(message: string, cause: unknown) {
    super(message, { cause });
    this.isDifference = cause instanceof AssertionError;
  }
}

/**
 * Runs one property over so many histories. The smallest scenario of a failure is kept as a file of `regressions/`, which
 * is checked from then on with all others. Gives how many models were kept in which way.
 */
export async function runProperty(name: PropertyName, options: RunOptions): Promise<ReadonlyMap<string, number>> {
  // Each property is used with scenarios of its own alone.
  const { scenarios, open } = propertyOf(name, options.shape) as Property<Scenario>;
  await using bench = await open();
  const { runs, seed, first = false } = options;
  const property = fc.asyncProperty(scenarios, (scenario) => bench.check(scenario));
  const details = await fc.check(property, {
    numRuns: runs,
    endOnFailure: first,
    ...(seed === undefined ? {} : { seed }),
  });
  if (!details.failed) return bench.kept;
  const [scenario] = details.counterexample ?? [];
  const cause = details.errorInstance;
  const what = cause instanceof Error ? cause.message : String(cause);
  const where = `${name}, seed ${details.seed}, path ${details.counterexamplePath}, history ${details.numRuns}`;
  throw new PropertyFailed(`${what}\n  (${where})${first ? '' : keep(name, scenario, details)}`, cause);
}

function keep(
  name: PropertyName,
  scenario: Scenario | undefined,
  { seed, counterexamplePath }: { seed: number; counterexamplePath: string | null },
): string {
  if (scenario === undefined) return '';
  // The first number of the path is the history; those of its shrinking can be hundreds, more than a file's name may have.
  const [history = ''] = (counterexamplePath ?? '').split(':');
  const file = path.join(REGRESSIONS, `found-${name}-${seed}-${history}.json`);
  writeFileSync(file, `${JSON.stringify(scenario, null, 2)}\n`);
  return `\n  the smallest scenario found is kept as ${path.relative(process.cwd(), file)}`;
}

/** Checks one kept scenario. */
export async function replay(scenario: Scenario | LandingScenario | LineageScenario): Promise<void> {
  if ('landing' in scenario) {
    await using bench = await LandingBench.open();
    await bench.check(scenario);
  } else if ('pick' in scenario) {
    await using bench = await LineageBench.open();
    await bench.check(scenario);
  } else {
    await using bench = await OracleBench.open();
    await bench.check(scenario);
  }
}
