import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { projectFolder } from '../project/project-folder.ts';
import { lens, LensProcess, type LensResult } from './lens-process.ts';
import { runningServices } from './running-services.ts';

const running = runningServices();

test('lens seed loads files beside a service and without one, with dbt’s lines and exit codes', async () => {
  const dir = projectFolder({
    'dbt_project.yml': 'name: lab\nversion: 0.1.0\nconfig-version: 2\nmodels:\n  lab:\n    +materialized: table\n',
    'seeds/countries.csv': 'code,name\nde,Germany\n',
    'seeds/rates.csv': 'code,rate\nde,1.5\n',
    'models/names.sql': "select code, upper(name) as name from {{ ref('countries') }}",
  });
  const flags = ['--project-dir', dir, '--data-dir', mkdtempSync(path.join(tmpdir(), 'lens-seed-'))];
  const call = (...args: string[]): Promise<LensResult> => lens([...args, ...flags]);
  const names = async (): Promise<unknown> =>
    JSON.parse((await call('query', 'select * from names order by 1', '--format', 'json')).stdout);

  const first = await call('seed', '--show');
  // a seed that the command itself reports is told of once
  expect([first.code, first.stderr]).toEqual([0, '']);
  expect(first.stdout).toMatch(/ {2}1 of 2 START seed file main\.countries \.+ \[RUN\]\n/);
  expect(first.stdout).toMatch(/ {2}2 of 2 OK loaded seed file main\.rates \.+ \[INSERT 1 in 0\.\d\ds\]\n/);
  expect(first.stdout).toMatch(/Random sample of table: main\.countries\n-+\ncode {2}name\nde {4}Germany\n/);
  expect(first.stdout).toContain('Done. PASS=2 WARN=0 ERROR=0 SKIP=0');
  expect(await names()).toEqual([{ code: 'de', name: 'GERMANY' }]);

  const service = new LensProcess(['start', ...flags]);
  running.push(service);
  await service.until(/commands are answered on port/);
  writeFileSync(path.join(dir, 'seeds/countries.csv'), 'code,name\nde,Germany\nfr,France\n');
  expect((await call('status')).stdout).toMatch(/countries +1 {2}seeds\/countries\.csv {2}changed since it was loaded/);
  const second = await call('seed', '--select', 'countries', '--full-refresh');
  expect(second.code, second.stderr).toBe(0);
  expect(second.stdout).toMatch(/1 of 1 OK loaded seed file main\.countries \.+ \[CREATE 2 in/);
  expect(await names()).toEqual([
    { code: 'de', name: 'GERMANY' },
    { code: 'fr', name: 'FRANCE' },
  ]);
  expect((await call('why', 'names', 'fr')).stdout).toContain('seeds/countries.csv:3');

  writeFileSync(path.join(dir, 'seeds/rates.csv'), 'code,rate\nde,1.5,2\n');
  const third = await call('seed');
  expect(third.code).toBe(1);
  expect(third.stdout).toMatch(/2 of 2 ERROR loading seed file main\.rates \.+ \[ERROR in/);
  expect(third.stdout).toContain('the row has 3 values, the table 2 columns');
}, 60_000);

test('lens build has seeds as nodes: loaded, unchanged, failed with what follows skipped; lens retry runs them again', async () => {
  const dir = projectFolder({
    'dbt_project.yml':
      'name: lab\nversion: 0.1.0\nconfig-version: 2\nmodels:\n  lab:\n    +materialized: table\nseeds:\n  lab:\n    rates:\n      +column_types: {rate: integer}\n',
    'seeds/countries.csv': 'code,name\nde,Germany\n',
    'seeds/rates.csv': 'code,rate\nde,1\n',
    'seeds/seeds.yml': 'seeds:\n  - name: countries\n    columns: [{name: code, data_tests: [unique]}]\n',
    'models/names.sql': "select code, upper(name) as name from {{ ref('countries') }}",
    'models/rated.sql': "select code, rate from {{ ref('rates') }}",
  });
  const flags = ['--project-dir', dir, '--data-dir', mkdtempSync(path.join(tmpdir(), 'lens-seed-'))];
  const call = (...args: string[]): Promise<LensResult> => lens([...args, ...flags]);
  const write = (name: string, text: string): void => writeFileSync(path.join(dir, 'seeds', name), text);
  const results = (): { unique_id: string; status: string; adapter_response: object }[] =>
    (JSON.parse(readFileSync(path.join(dir, 'target/run_results.json'), 'utf8')) as { results: never }).results;

  const first = await call('build');
  expect(first.code, first.stdout).toBe(0);
  expect(linesOf(first.stdout)).toEqual([
    '1 of 5 START seed file main.countries [RUN]',
    '1 of 5 OK loaded seed file main.countries [INSERT 1]',
    '2 of 5 START test unique_countries_code [RUN]',
    '2 of 5 PASS unique_countries_code [PASS]',
    '3 of 5 OK created sql table model main.names [OK]',
    '4 of 5 START seed file main.rates [RUN]',
    '4 of 5 OK loaded seed file main.rates [INSERT 1]',
    '5 of 5 OK created sql table model main.rated [OK]',
  ]);
  expect(first.stdout).toContain('Finished running 2 seeds, 2 table models, 1 data test in');

  write('countries.csv', 'code,name\nde,Germany\nde,Austria\n');
  write('rates.csv', 'code,rate\nde,many\n');
  const second = await call('build');
  expect(second.code).toBe(1);
  expect(linesOf(second.stdout).filter((line) => !line.includes('START'))).toEqual([
    '1 of 5 OK loaded seed file main.countries [INSERT 2]',
    '2 of 5 FAIL 1 unique_countries_code [FAIL 1]',
    '3 of 5 SKIP relation main.names [SKIP]',
    '4 of 5 ERROR loading seed file main.rates [ERROR]',
    '5 of 5 SKIP relation main.rated [SKIP]',
  ]);
  expect(second.stdout).toContain('seed rates cannot be loaded: ');
  expect(results().map(({ unique_id, status }) => [unique_id.split('.')[2], status])).toEqual([
    ['countries', 'success'],
    ['unique_countries_code', 'fail'],
    ['names', 'skipped'],
    ['rates', 'error'],
    ['rated', 'skipped'],
  ]);
  expect(results()[0]?.adapter_response).toEqual({ _message: 'INSERT 2', code: 'INSERT', rows_affected: 2 });

  write('rates.csv', 'code,rate\nde,3\n');
  const again = await call('retry');
  expect(linesOf(again.stdout)).toContain('3 of 4 OK loaded seed file main.rates [INSERT 1]');
  const third = await call('build', '--select', 'rates+');
  expect([third.code, linesOf(third.stdout)]).toEqual([
    0,
    ['1 of 2 OK kept seed file main.rates [OK, unchanged]', '2 of 2 OK kept sql table model main.rated [OK]'],
  ]);

  write('rates.csv', 'code,rate\nde,few\n');
  expect((await call('seed')).code).toBe(1);
  write('rates.csv', 'code,rate\nde,4\n');
  const retried = await call('retry');
  expect([retried.code, linesOf(retried.stdout)]).toEqual([
    0,
    ['1 of 1 START seed file main.rates [RUN]', '1 of 1 OK loaded seed file main.rates [INSERT 1]'],
  ]);
}, 60_000);

/** Lines of nodes without what is measured. */
function linesOf(output: string): string[] {
  const found = output.matchAll(/^\d\d:\d\d:\d\d {2}(\d+ of \d+ .*?) \.* ?\[(.+?)(?: in .*)?\]$/gm);
  return [...found].map(([, what, status]) => `${what} [${status}]`);
}
