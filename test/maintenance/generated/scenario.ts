import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import type { Table } from './draft.ts';
import { randomSelect } from './random-select.ts';
import { type RandomChange, RAW, type RawTable, type RowChange, rowChanges } from './raw-rows.ts';
import { Tape } from './tape.ts';

/** What fast-check makes, and what a file of `regressions/` holds. */
export interface Scenario {
  /** m0, m1, ...: how each is kept, and its SELECT. */
  readonly models: readonly GeneratedModel[];
  readonly steps: readonly Step[];
}

export interface GeneratedModel {
  /** m0, m1, ... when not given. */
  readonly name?: string;
  /** `compaction`: a table with `upkeep: compaction`. */
  readonly kind: 'table' | 'view' | 'ephemeral' | 'incremental' | 'compaction';
  readonly sql: string;
  /** The `unique_key` of its config. */
  readonly key?: readonly string[];
}

/** One batch, and whether a compaction follows it. */
export interface Step {
  readonly changes: readonly RowChange[];
  readonly compact: boolean;
}

interface ModelTape {
  readonly tape: readonly number[];
  readonly kind: GeneratedModel['kind'];
  readonly declaresKey: boolean;
}

const modelTape: fc.Arbitrary<ModelTape> = fc.record({
  tape: fc.array(fc.nat(9999), { maxLength: 120 }),
  kind: fc.constantFrom('table', 'table', 'table', 'view', 'ephemeral', 'incremental', 'compaction'),
  declaresKey: fc.boolean(),
});

export interface RandomScenario {
  readonly models: Scenario['models'];
  readonly steps: readonly { readonly changes: readonly RandomChange[]; readonly compact: boolean }[];
}

export function steps(changes: fc.Arbitrary<RandomChange>, most: number): fc.Arbitrary<RandomScenario['steps']> {
  const step = fc.record({ changes: fc.array(changes, { minLength: 1, maxLength: 10 }), compact: fc.boolean() });
  return fc.array(step, { minLength: 1, maxLength: most });
}

/** Random graphs of models over raw tables, with random histories of those. */
export function scenarios(tables: readonly string[] = Object.keys(RAW)): fc.Arbitrary<Scenario> {
  return fc
    .record({ tapes: fc.array(modelTape, { minLength: 1, maxLength: 4 }), steps: steps(rowChanges(tables), 7) })
    .map(({ tapes, steps }): Scenario => aimed({ models: modelsOf(tapes, tables), steps }));
}

/**
 * The scenario of random changes: those of tables that no model reads are made to one that is read, and those of one column
 * keep the others of the row that is there.
 */
export function aimed<T extends RandomScenario>(scenario: T): Omit<T, 'steps'> & Scenario {
  const names = Object.keys(RAW);
  const read = names.filter((name) => scenario.models.some(({ sql }) => sql.includes(`'${name}'`)));
  const rows = new Map<string, readonly number[] | null>();
  const change = ({ table: random, key, values: fresh, column }: RandomChange): RowChange => {
    const table =
      read.length === 0 || read.includes(random) ? random : (read[names.indexOf(random) % read.length] as string);
    const before = RAW[table]?.key === null ? null : rows.get(`${table} ${key}`);
    const keeps = column !== null && fresh !== null && before !== null && before !== undefined;
    const only = (column ?? 0) % Object.keys(RAW[table]?.columns ?? {}).length;
    const values = keeps ? before.map((value, at) => (at === only ? (fresh[at] ?? 0) : value)) : fresh;
    rows.set(`${table} ${key}`, values);
    return { table, key, values };
  };
  const steps = scenario.steps.map(({ changes, compact }) => ({ changes: changes.map(change), compact }));
  return { ...scenario, steps };
}

/** SELECTs of models that read the raw tables and each other, later ones rather than earlier ones, so that graphs become deep. */
function modelsOf(tapes: readonly ModelTape[], tables: readonly string[]): GeneratedModel[] {
  const readable: Table[] = tables.map((name) => ({
    ...(RAW[name] as RawTable),
    name: `{{ source('raw', '${name}') }}`,
  }));
  return tapes.map(({ tape, kind, declaresKey }, i) => {
    const { sql, columns, key } = randomSelect(new Tape(tape), readable.toReversed());
    readable.push({ name: `{{ ref('m${i}') }}`, columns, key });
    return declaresKey && key !== null && kind !== 'view' && kind !== 'ephemeral' ? { kind, sql, key } : { kind, sql };
  });
}

/** Writes the dbt project of a scenario. */
export function writeProject(dir: string, models: Scenario['models']): void {
  mkdirSync(path.join(dir, 'models'), { recursive: true });
  writeFileSync(path.join(dir, 'dbt_project.yml'), 'name: generated\nversion: 1.0.0\nconfig-version: 2\nprofile: x\n');
  const tables = Object.keys(RAW).map((name) => `      - name: ${name}\n`);
  writeFileSync(
    path.join(dir, 'models/sources.yml'),
    `sources:\n  - name: raw\n    schema: w\n    tables:\n${tables.join('')}`,
  );
  for (const [i, { name = `m${i}`, kind, sql, key }] of models.entries()) {
    const config = [
      `materialized='${kind === 'compaction' ? 'table' : kind}'`,
      ...(kind === 'compaction' ? [`meta={'upkeep': 'compaction'}`] : []),
      ...(key === undefined ? [] : [`unique_key=[${key.map((name) => `'${name}'`).join(', ')}]`]),
    ];
    writeFileSync(path.join(dir, `models/${name}.sql`), `{{ config(${config.join(', ')}) }}\n${sql}\n`);
  }
}
