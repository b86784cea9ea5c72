import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import dbt from '../fixtures/dbt-hooks.json' with { type: 'json' };
import { lens, type LensResult } from './lens-process.ts';
import { OwnShop } from './own-shop.ts';
import { customer, lines } from './shop.ts';

const FIXTURE = fileURLToPath(new URL('../fixtures/hooks', import.meta.url));

// dbt-hooks.json is what `dbt build` of dbt 1.11.16 gives of that project, twice: with {broken: true} the second time; then what `dbt run-operation` gives
describe('a project with hooks, beside dbt', { timeout: 180_000 }, () => {
  /** Of the test that is run. */
  let dir = '';
  let flags: string[] = [];
  const inFolder = (folder: string): string[] => ['--project-dir', folder, '--data-dir', path.join(folder, 'data')];

  /** The project after its first build. */
  const built = mkdtempSync(path.join(tmpdir(), 'lens-hooks-'));
  let first: LensResult;
  beforeAll(async () => {
    cpSync(FIXTURE, built, { recursive: true });
    first = await lens(['build', ...inFolder(built)]);
  });

  // Each goes on from there in a folder of its own.
  beforeEach(() => {
    dir = mkdtempSync(path.join(tmpdir(), 'lens-hooks-'));
    flags = inFolder(dir);
    cpSync(built, dir, { recursive: true });
  });

  async function rows(sql: string): Promise<Record<string, unknown>[]> {
    const { stdout } = await lens(['query', sql, '--format', 'json', ...flags]);
    return JSON.parse(stdout) as Record<string, unknown>[];
  }

  function artifact(name: string): never {
    return JSON.parse(readFileSync(path.join(dir, 'target', name), 'utf8')) as never;
  }

  /** What `run_results.json` says, with numbers that count rows of before left away. */
  function results(): { ids: [string, string][]; operations: unknown[] } {
    const { results: all } = artifact('run_results.json') as { results: Record<string, unknown>[] };
    const keys = Object.keys(dbt.first.operations[0] as object);
    const operations = all.filter(({ unique_id: id }) => String(id).startsWith('operation.'));
    return {
      ids: all.map(({ unique_id: id, status }) => [String(id), String(status)]),
      operations: operations.map((one) => uncounted(Object.fromEntries(keys.map((key) => [key, one[key]])))),
    };
  }

  test('runs them when dbt does, with its lines, results and rows', async () => {
    const { code, stdout, stderr } = first;
    expect([code, stderr]).toEqual([0, '']);
    expect(hookLines(stdout)).toEqual(dbt.first.lines);
    expect(stdout).toMatch(/Found 2 models, 1 seed, 10 operations, 1 data test\n/);
    expect(stdout).toMatch(/Finished running 10 project hooks, 1 seed, 1 table model, 1 data test, 1 view model in/);
    expect(results().ids).toEqual(dbt.first.results);
    expect(results().operations).toEqual(dbt.first.operations.map(uncounted));
    const log = await rows('select what, run from audit.log');
    // the seeds of a build are loaded before the first model is looked at
    expect(log.map(({ what }) => what).toSorted()).toEqual(dbt.first.rows.toSorted());
    expect(new Set(log.map(({ run }) => run))).toEqual(new Set(['of this run', '']));
    expect(await rows('select table_name t from duckdb_indexes()')).toEqual([{ t: 'b' }]);
    const { nodes, parent_map: parents } = artifact('manifest.json') as Record<string, Record<string, object>>;
    expect(parents?.['operation.pk.pk-on-run-end-0']).toEqual([]);
    for (const [id, node] of Object.entries(dbt.nodes)) expect(nodes?.[id]).toMatchObject(node);
  });

  test('fails as dbt does: hooks after a failed one are skipped, nodes are run, a failed hook of a model fails it', async () => {
    const before = await rows('select count(*) n from audit.log');
    const { code, stdout } = await lens(['build', '--vars', '{broken: true}', ...flags]);
    expect(code).toBe(dbt.broken.exit);
    expect(hookLines(stdout)).toEqual(dbt.broken.lines);
    expect(results().ids).toEqual(dbt.broken.results);
    expect(results().operations.map(message)).toEqual(dbt.broken.operations.map(uncounted).map(message));
    expect(stdout).toContain('Completed with 4 errors, 0 partial successes, and 0 warnings:');
    expect(stdout).toContain('Failure in operation shop-on-run-start-4 (./dbt_project.yml)');
    expect(stdout).toContain('  compiled code at target/compiled/shop/./dbt_project.yml/hooks/shop-on-run-start-4.sql');
    expect(stdout).toMatch(
      /Failure in model c \(models\/c\.sql\)\n.*Runtime Error in model c[\s\S]*Table with name nowhere/,
    );
    expect(stdout).toContain('Done. PASS=11 WARN=0 ERROR=2 SKIP=3 NO-OP=0 TOTAL=16');
    const log = await rows(`select what from audit.log offset ${String(before[0]?.['n'])}`);
    // outside of the transaction that was rolled back
    expect(log.map(({ what }) => what)).toContain('pre c');
    expect(log.map(({ what }) => what)).not.toContain('post c of c');
    expect(log.map(({ what }) => what).toSorted()).toEqual(dbt.broken.rows.toSorted());
  });

  test('runs those of the project around tests, too', async () => {
    const { code, stdout } = await lens(['test', ...flags]);
    expect([code, hookLines(stdout).length]).toEqual([0, 20]);
    expect(await rows('select what from audit.log offset (select count(*) - 2 from audit.log)')).toEqual([
      { what: 'test.shop.not_null_b_id.37be81e63b pass test' },
      { what: ' of 0' },
    ]);
  });

  test('skips the nodes when a hook before them failed and the flag says so', async () => {
    const file = path.join(dir, 'dbt_project.yml');
    const before = readFileSync(file, 'utf8');
    writeFileSync(file, `${before}flags: {skip_nodes_if_on_run_start_fails: true}\n`);
    const { code, stdout } = await lens(['build', '--vars', '{broken: true}', ...flags]);
    writeFileSync(file, before);
    expect(code).toBe(1);
    expect(results().ids.toSorted()).toEqual(dbt.skipping.toSorted());
    expect(stdout).toMatch(/\d of 6 SKIP relation main\.b \.+ \[SKIP\]/);
    expect(stdout).toContain('nothing was caught up, since a hook before it failed');
    expect(stdout).toContain('Done. PASS=7 WARN=0 ERROR=1 SKIP=8 NO-OP=0 TOTAL=16');
  });

  test('calls macros as dbt run-operation does, with its lines, results and rows', async () => {
    for (const { args, exit, lines: said, result } of dbt.macros) {
      const { code, stdout, stderr } = await lens([...args, ...flags]);
      expect(code, stdout + stderr).toBe(exit);
      if (exit === 2) {
        expect(stderr).toContain("dbt could not find a macro with the name 'nope' in any package");
        continue;
      }
      const printed = stdout.split('\n').map((line) => line.replace(/^\d\d:\d\d:\d\d {2}/, ''));
      expect(printed.slice(args[0] === '-q' ? 0 : 1, exit === 0 ? undefined : 4)).toEqual(
        exit === 0 ? said.map((line) => line.replace('"shop"', '"warehouse"')) : said.slice(0, 3),
      );
      expect((artifact('run_results.json') as { results: unknown[] }).results).toMatchObject([result]);
    }
    expect(
      await rows(
        "select what, count(*) n, max(run) run from audit.log where what in ('x', 'z', 'kept', 'lost') group by all order by 1",
      ),
    ).toEqual(dbt.macroRows);
    const file = path.join(dir, 'macros/operations.sql');
    const args = { which: 'run-operation', macro: 'fails', args: {} };
    const failed = { results: [{ unique_id: 'macro.shop.fails', status: 'error' }], args };
    writeFileSync(path.join(dir, 'target/run_results.json'), JSON.stringify(failed));
    writeFileSync(file, readFileSync(file, 'utf8').replace('select * from nowhere', 'rollback'));
    expect((await lens(['retry', ...flags])).code).toBe(0);
    expect(artifact('run_results.json')).toMatchObject({ args, results: [{ status: 'success' }] });
  });
});

test(
  'a service runs hooks of models when their tables are made, and none for batches; editions keep what hooks made',
  { timeout: 300_000 },
  async () => {
    await using shop = new OwnShop();
    const project = readFileSync(path.join(shop.dir, 'dbt_project.yml'), 'utf8');
    shop.write(
      'dbt_project.yml',
      `${project}
on-run-start:
  - create schema if not exists audit
  - create table if not exists audit.log (what varchar)
  - "{{ views() if flags.WHICH == 'run' else '' }}"
on-run-end: insert into audit.log select 'end of {{ flags.WHICH }}'
`,
    );
    // a view over one that is made anew after it, and a macro over that, by the name of the database
    shop.write(
      'macros/views.sql',
      `{% macro views() %}
create or replace view audit.z as select * from dim_customers;
create or replace view audit.a as select count(*) as n from warehouse.audit.z;
create or replace view audit.z as select * from warehouse.main.dim_customers;
create or replace macro audit.m() as table select n from audit.a;
create or replace table audit.gone (a integer);
create or replace view audit.over as select * from audit.gone;
drop table audit.gone;
{% endmacro %}`,
    );
    const file = 'models/marts/dim_customers.sql';
    const hooks = `["create index if not exists by_customer on {{ this }} (customer_id)", "insert into audit.log values ('built')"]`;
    shop.write(file, `{{ config(post_hook=${hooks}) }}\n${readFileSync(path.join(shop.dir, file), 'utf8')}`);
    await shop.lens(['produce', 'customers'], lines([customer('ann', 'de'), customer('bob', 'fr')]));
    const log = async (): Promise<unknown[]> => {
      const found = await shop.rows('select what from audit.log').catch(() => []);
      return found.map((row) => (row as { what: string }).what);
    };
    const indexed = (): Promise<unknown[]> =>
      shop.rows("select table_name t from duckdb_indexes() where index_name = 'by_customer'");

    const service = await shop.started();
    await expect.poll(log, PATIENT).toEqual(['built']);
    await shop.lens(['produce', 'customers'], lines([customer('cid', 'de')]));
    await expect.poll(async () => (await shop.rows('select * from dim_customers')).length, PATIENT).toBe(3);
    expect(await log()).toEqual(['built']);
    expect(await indexed()).toEqual([{ t: 'dim_customers' }]);

    const ran = await shop.lens(['run', '--select', 'dim_customers']);
    expect([ran.code, hookLines(ran.stdout).length]).toEqual([0, 8]);
    expect(await log()).toEqual(['built', 'built', 'end of run']);

    // the macro is newer than the service
    shop.write(
      'macros/tidy.sql',
      `{% macro tidy(table) %}{% do run_query("delete from " ~ table) %}{% do log(run_query("select count(*) from dim_customers").columns[0].values()[0], true) %}{% endmacro %}`,
    );
    const tidied = await shop.lens(['run-operation', 'tidy', '--args', '{table: audit.log}']);
    expect([tidied.code, tidied.stdout.split('\n').at(-2)]).toEqual([0, expect.stringMatching(/^\S+ {2}3$/)]);
    expect(await log()).toEqual([]);
    const untidy = await shop.lens(['run-operation', 'tidy', '--args', '{table: dim_customers}']);
    expect([untidy.code, untidy.stdout]).toEqual([
      1,
      expect.stringContaining(
        'Runtime Error\n  the statement was not run, since it writes to what is kept from the log',
      ),
    ]);

    const refreshed = await shop.lens(['run', '--full-refresh']);
    expect(refreshed.code, refreshed.stdout + refreshed.stderr).toBe(0);
    const after = ['built', 'end of run'];
    expect(await log()).toEqual(after);
    expect(await indexed()).toEqual([{ t: 'dim_customers' }]);
    expect(await shop.rows('select n from audit.m()')).toEqual([{ n: 3 }]);
    expect(refreshed.stderr).toMatch(/the view audit\.over, which a hook made, was left behind: .*gone does not exist/);
    expect((await shop.lens(['rollback'])).code).toBe(0);
    expect(await log()).toEqual(after);
    expect(await indexed()).toEqual([{ t: 'dim_customers' }]);

    shop.write(
      file,
      `{{ config(post_hook="delete from {{ this }}") }}\n${readFileSync(path.join(shop.dir, file), 'utf8').split('\n').slice(1).join('\n')}`,
    );
    service.child.kill('SIGTERM');
    await service.result;
    const refused = await shop.lens(['run', '--select', 'dim_customers']);
    expect(refused.code).toBe(1);
    expect(refused.stdout).toMatch(/the statement was not run, since it writes to what is kept from the log/);
    expect(await shop.rows('select count(*) n from dim_customers')).toEqual([{ n: 3 }]);
    expect((await shop.lens(['verify'])).code).toBe(0);
  },
);

const PATIENT = { timeout: 60_000, interval: 500 };

/** Lines of hooks without times. */
function hookLines(output: LensResult['stdout']): string[] {
  const found = output.split('\n').filter((line) => line.includes(' hook: '));
  return found.map((line) => line.replace(/^\d\d:\d\d:\d\d {2}/, '').replace(/ in [\d.]+s\]/, ']'));
}

function uncounted(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value).replaceAll(/select \d+, /g, 'select N, ')) as unknown;
}

/** DuckDB's message without the line that it points at: dbt puts a comment before its statements. */
function message(operation: unknown): unknown {
  const { message: said, ...other } = operation as { message: string };
  return { ...other, message: said.split('\n').slice(0, 2).join('\n') };
}
