import { cpSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { fixture, SHOP } from '../materializer/workshop.ts';
import { projectFolder } from '../project/project-folder.ts';
import { lens } from './lens-process.ts';

function copyOf(dir: string): { dir: string; flags: string[] } {
  const own = mkdtempSync(path.join(tmpdir(), 'lens-units-'));
  cpSync(dir, own, { recursive: true });
  return { dir: own, flags: ['--project-dir', own, '--data-dir', path.join(own, 'data')] };
}

/** Without what differs from run to run: the time before a line, and how long a thing took. */
function linesOf(text: string): string[] {
  return text.split('\n').map((line) => line.replace(/^\d\d:\d\d:\d\d {2}/, '').replace(/ in [\d.]+s\]$/, ' in 0s]'));
}

test('lens test runs unit tests without a warehouse, in the words of dbt', async () => {
  const { dir, flags } = copyOf(fixture('dbt-unit-tests'));
  const { code, stdout, stderr } = await lens(['test', '--select', 'test_type:unit', ...flags]);
  expect([code, stderr]).toEqual([1, '']);
  const lines = linesOf(stdout);
  expect(lines).toContain(`${'1 of 15 START unit_test m::bad_column '.padEnd(80, '.')} [RUN]`);
  expect(lines).toContain(`${'3 of 15 PASS m::csv_in '.padEnd(80, '.')} [PASS in 0s]`);
  expect(lines).toContain(`${'4 of 15 FAIL 1 m::duplicates '.padEnd(80, '.')} [FAIL 1 in 0s]`);
  const at = lines.indexOf('Failure in unit_test duplicates (models/x.yml)');
  expect(lines.slice(at + 1, at + 8)).toEqual([
    '  ',
    '',
    'actual differs from expected:',
    '',
    '@@ ,id',
    '   ,1',
    '+++,1',
  ]);
  expect(lines).toContain('  compiled code at target/compiled/p/models/x.yml/models/duplicates.sql');
  expect(stdout).toContain('Finished running 15 unit tests in');
  expect(lines).toContain('Done. PASS=6 WARN=0 ERROR=9 SKIP=0 NO-OP=0 TOTAL=15');
  expect(existsSync(path.join(dir, 'data'))).toBe(false);
  const results = JSON.parse(readFileSync(path.join(dir, 'target/run_results.json'), 'utf8')) as {
    results: { unique_id: string; status: string }[];
  };
  expect(results.results.find(({ unique_id: id }) => id === 'unit_test.p.m.csv_in')).toMatchObject({ status: 'pass' });
});

test('lens build skips what a failed unit test is of', async () => {
  const { dir, flags } = copyOf(SHOP);
  const event = (name: string, rows: string): string => `
  - name: ${name}
    model: fct_orders
    defaults: { orders: { customer_id: k1, ordered_at: 2026-03-01, status: paid, quantity: 1, price: "2.00" } }
    batches: [{ topic: orders, rows: [{ order_id: 1 }] }]
    expect: { rows: [${rows}] }`;
  const write = (...tests: string[]): void =>
    writeFileSync(path.join(dir, 'models/events.yml'), `event_tests:${tests.join('')}\n`);
  write(event('one_order', '{ order_id: 1 }'));
  const passed = await lens(['build', '--select', 'fct_orders', ...flags]);
  expect(linesOf(passed.stdout).find((line) => line.includes('PASS fct_orders::one_order'))).toBeDefined();
  write(event('one_order', '{ order_id: 1 }'), event('two_orders', '{ order_id: 1 }, { order_id: 2 }'));
  const failed = await lens(['build', '--select', 'fct_orders', ...flags]);
  expect(failed.code).toBe(1);
  expect(failed.stdout).toContain('FAIL 1 fct_orders::two_orders');
  expect(failed.stdout).toContain('SKIP relation main.fct_orders');
  expect(failed.stdout).toContain('---,2');
});

test('a source that is the table of a seed is given by its own name, and needs no topic', async () => {
  const dir = projectFolder({
    'dbt_project.yml': 'name: p\nmodels: {+materialized: table}\n',
    'seeds/rates.csv': 'code,rate\nde,1.5\n',
    'models/doubled.sql': "select code, rate * 2 as twice from {{ source('files', 'given') }}",
    'models/s.yml': `sources: [{name: files, schema: main, tables: [{name: given, identifier: rates}]}]
unit_tests:
  - name: doubles
    model: doubled
    given: [{input: "source('files', 'given')", rows: [{code: xx, rate: 2.25}]}]
    expect: {rows: [{code: xx, twice: 4.5}]}
`,
  });
  const flags = ['--project-dir', dir, '--data-dir', path.join(dir, 'data')];
  const { code, stdout } = await lens(['build', ...flags]);
  expect([code, linesOf(stdout).at(-2)]).toEqual([0, 'Done. PASS=3 WARN=0 ERROR=0 SKIP=0 NO-OP=0 TOTAL=3']);
  const drafted = await lens(['topics', 'init', ...flags]);
  expect(drafted.stdout + drafted.stderr).toContain('every source table has its topic');
  // the seed is no node of dbt's that the model depends on
  const listed = await lens(['ls', '--select', '+doubled', ...flags]);
  expect(listed.stdout.trim().split('\n')).toEqual(['p.doubled', 'source:p.files.given', 'unit_test:p.doubles']);
});
