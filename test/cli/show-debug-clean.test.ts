import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { lens, type LensResult } from './lens-process.ts';
import { customer, lines, order, SHOP } from './shop.ts';

const dir = mkdtempSync(path.join(tmpdir(), 'lens-show-'));
const project = path.join(dir, 'shop');
const data = path.join(project, '.lens');
const flags = ['--project-dir', project, '--data-dir', data];

beforeAll(async () => {
  cpSync(SHOP, project, { recursive: true });
  writeFileSync(
    path.join(project, 'models/marts/light.sql'),
    "{{ config(materialized='ephemeral') }}\nselect 1 as one",
  );
});

function called(args: readonly string[], input = ''): Promise<LensResult> {
  return lens([...args, ...flags], { input });
}

test('debug before there is anything, and after', async () => {
  const before = await called(['debug']);
  expect(before.code).toBe(0);
  expect(before.stdout).toContain('duckdb version: v');
  expect(before.stdout).toMatch(/ {2}project \[OK found and valid: 8 models, 22 data tests, 2 sources\]$/m);
  expect(before.stdout).toMatch(/ {2}topic contracts \[OK 2 contracts\]$/m);
  expect(before.stdout).toMatch(/ {2}log \[OK none yet: /);
  expect(before.stdout).toMatch(/ {2}warehouse \[OK none yet: /);
  expect(before.stdout).toMatch(/ {2}All checks passed!\n$/);
  expect(existsSync(data)).toBe(false);
  await called(['produce', 'customers'], lines([customer('ann', 'de'), customer('bob', 'fr')]));
  await called(['produce', 'orders'], lines([order(1, 'ann', '1.50')]));
  await called(['run']);
  const after = await called(['debug']);
  expect(after.stdout).toMatch(/ {2}log \[OK connection ok: /);
  expect(after.stdout).toMatch(/ {2}warehouse \[OK .*: current, 3 records applied\]$/m);
});

test('debug says what is wrong, with exit code 1', async () => {
  const broken = path.join(dir, 'broken');
  cpSync(SHOP, broken, { recursive: true });
  writeFileSync(path.join(broken, 'models/marts/bad.sql'), "select * from {{ ref('nowhere') }}");
  const { code, stdout } = await lens(['debug', '--project-dir', broken, '--data-dir', data]);
  expect(code).toBe(1);
  expect(stdout).toMatch(/ {2}project \[ERROR\]$/m);
  expect(stdout).toMatch(/ {2}log \[OK /m);
  expect(stdout).toMatch(/2 checks failed:\n.*project: .*nowhere/m);
});

test('an analysis is compiled and shown with the rows there are, never run; a wrong one is said', async () => {
  mkdirSync(path.join(project, 'analyses'));
  const asks = "run_query('select count(*) from ' ~ ref('stg_customers')).columns[0].values()[0]";
  const sql = `select {% if execute %}{{ ${asks} }}{% endif %} as customers from (select 1) -- of {{ ref('stg_customers') }}`;
  writeFileSync(path.join(project, 'analyses/count.sql'), sql);
  writeFileSync(path.join(project, 'analyses/wrong.sql'), "{% if execute %}{{ ref('no_model') }}{% endif %}");
  const compiled = await called(['compile', '--select', 'count']);
  expect(compiled.stdout).toBe(
    `Compiled node 'count' is:\nselect 2 as customers from (select 1) -- of "warehouse"."main"."stg_customers"\n`,
  );
  const file = path.join(project, 'target/compiled/shop/analyses/count.sql');
  expect(readFileSync(file, 'utf8')).toBe(
    'select 2 as customers from (select 1) -- of "warehouse"."main"."stg_customers"',
  );
  expect((await called(['show', '--select', 'count', '--output', 'json'])).stdout).toContain('"customers": 2\n');
  const all = await called(['compile']);
  expect([all.code, all.stderr]).toEqual([
    1,
    'analyses/wrong.sql:1: the analysis wrong cannot be compiled: there is no model no_model\n',
  ]);
  expect((await called(['docs', 'generate'])).code).toBe(0);
  expect((await called(['ls', '--resource-type', 'analysis'])).stdout).toBe(
    'shop.analysis.count\nshop.analysis.wrong\n',
  );
  const listed = [['ls'], ['ls', '--exclude-resource-type', 'seed'], ['ls', '--resource-type', 'all']];
  const found = await Promise.all(listed.map(async (args) => (await called(args)).stdout.includes('.analysis.')));
  expect(found).toEqual([false, false, true]);
  expect((await called(['run', '--select', 'count'])).stdout).toContain('Nothing to do.');
});

test('show: models, an ephemeral one, a test, an inline query', async () => {
  const shown = await called(['show', '--select', 'stg_customers', '--limit', '1']);
  expect(shown.stdout).toBe(
    `Previewing node 'stg_customers':
| customer_id | customer_name | country |  joined_on |
| ----------- | ------------- | ------- | ---------- |
| ann         | ann           | DE      | 2026-01-02 |

`,
  );
  const json = await called(['show', '--select', 'fct_orders', '--output', 'json']);
  expect(JSON.parse(json.stdout)).toMatchObject({ node: 'fct_orders', show: [{ order_id: 1, country: 'DE' }] });
  const light = await called(['show', '--inline', "select one, null as y from {{ ref('light') }}", '--quiet']);
  expect(light.stdout).toBe('| one | y |\n| --- | - |\n|   1 |   |\n\n');
  const inline = await called([
    'show',
    '--inline',
    "select count(*) as n from {{ ref('stg_customers') }}",
    '--output',
    'json',
  ]);
  expect(JSON.parse(inline.stdout)).toEqual({ show: [{ n: 2 }] });
  const asking =
    "{% set t = run_query('select count(*) as n from ' ~ ref('stg_customers')) %}select {{ t.rows[0].n if execute }} as n, '{{ ref('light').name }}' as x";
  const answered = await called(['show', '--inline', asking, '--output', 'json']);
  expect(JSON.parse(answered.stdout)).toEqual({ show: [{ n: 2, x: '__dbt__cte__light' }] });
  const compiled = await called(['compile', '--inline', asking, '--quiet']);
  expect(compiled.stdout.trimEnd()).toMatch(/^with __dbt__cte__light as [^]*select 2 as n, '__dbt__cte__light' as x$/);
  const now = await called(['show', '--inline', "{% set t = run_query('select now()') %}select 1"]);
  expect([now.code, now.stderr]).toEqual([
    2,
    expect.stringMatching(/a query that calls now\(\)[^\n]*\n {2}at inline:1\n/),
  ]);
  const numbers = await called([
    'show',
    '--inline',
    `select 1.50::decimal(10, 2) as d, 5::decimal(10, 2) as whole, -12345678901234567890.12345::decimal(38, 5) as long,
       9007199254740993 as big, null::decimal(3, 1) as none, '7' as words, date '2026-01-02' as day,
       timestamp '2026-01-02 03:04:05.5' as at, timestamptz '2026-01-02 03:04:05+00' as zoned,
       [1.50::decimal(10, 2), null] as list, {'a "b", (c': [2.50::decimal(4, 2)], '1': 9007199254740993} as st,
       map{'k, (': 1.20::decimal(4, 2)} as entries, ['1.50'] as texts`,
    '--output',
    'json',
  ]);
  // dbt's, but for the digits that a double does not hold
  expect(numbers.stdout.replaceAll(/\s+/g, ' ')).toBe(
    '{ "show": [ { "d": 1.5, "whole": 5.0, "long": -12345678901234567890.12345, "big": 9007199254740993, "none": null, "words": "7", ' +
      '"day": "2026-01-02", "at": "2026-01-02T03:04:05.500000", "zoned": "2026-01-02T03:04:05+00:00", "list": [ 1.5, null ], "st": { "1": 9007199254740993, "a \\"b\\", (c": [ 2.5 ] }, ' +
      '"entries": [ { "key": "k, (", "value": 1.2 } ], "texts": [ "1.50" ] } ] } ',
  );
  const all = await called(['show', '--inline', 'select * from range(7)', '--output', 'json', '--limit', '-1']);
  expect((JSON.parse(all.stdout) as { show: unknown[] }).show).toHaveLength(7);
  const failing = await called(['show', '--select', 'unique_fct_orders_order_id']);
  expect(failing.stdout).toContain("Previewing node 'unique_fct_orders_order_id':\n| unique_field | n_records |");
});

test('show refuses what it cannot show', async () => {
  const none = await called(['show']);
  expect([none.code, none.stderr]).toEqual([
    2,
    expect.stringMatching(/^error USAGE: either --select or --inline/) as string,
  ]);
  const wrong = await called(['show', '--inline', "select * from {{ ref('fct_order') }}"]);
  expect([wrong.code, wrong.stderr]).toEqual([
    2,
    expect.stringMatching(/^error MODEL_UNKNOWN_REF[\s\S]*at inline:1/) as string,
  ]);
  const writing = await called(['show', '--inline', 'drop table fct_orders']);
  expect([writing.code, writing.stderr]).toEqual([1, expect.stringMatching(/^error QUERY_REFUSED/) as string]);
});

test('clean removes the target folder, and nothing that is not to be made again', async () => {
  await called(['test', '--select', 'dim_customers']);
  expect(existsSync(path.join(project, 'target/run_results.json'))).toBe(true);
  const cleaned = await called(['clean']);
  expect(cleaned.code).toBe(0);
  expect(cleaned.stdout).toMatch(/ {2}Cleaned .*\/target\/\*\n.* {2}Finished cleaning all paths\.\n$/);
  expect(existsSync(path.join(project, 'target'))).toBe(false);
  const file = path.join(project, 'dbt_project.yml');
  const text = readFileSync(file, 'utf8');
  const outside = path.join(dir, 'outside');
  mkdirSync(outside);
  const refused = async (targets: string, ...more: string[]): Promise<unknown[]> => {
    writeFileSync(file, `${text}\nclean-targets: ${targets}\n`);
    const { code, stderr } = await called(['clean', ...more]);
    return [code, stderr.split('\n')[0]];
  };
  mkdirSync(path.join(project, 'target'));
  const says = (what: string, folder: string): unknown[] => [
    2,
    `error USAGE: lens will not clean the following ${what}: ${folder}`,
  ];
  expect(await refused('[target, models]')).toEqual(says('source paths', path.join(project, 'models')));
  expect(await refused('[topics]')).toEqual(says('source paths', path.join(project, 'topics')));
  expect(await refused('[.lens]')).toEqual(says('folders, which hold the warehouse', data));
  expect(await refused('[../outside]')).toEqual(says('directories outside the project', outside));
  const parent = await refused('[..]', '--no-clean-project-files-only');
  expect(parent[0]).toBe(2);
  expect(existsSync(path.join(project, 'target'))).toBe(true);
  expect(await refused('[../outside]', '--no-clean-project-files-only')).toEqual([0, '']);
  expect([existsSync(outside), existsSync(data)]).toEqual([false, true]);
  writeFileSync(file, text);
});
