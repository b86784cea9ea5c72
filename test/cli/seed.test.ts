import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { projectFolder } from '../project/project-folder.ts';
import { lens, LensProcess, type LensResult } from './lens-process.ts';

const running: LensProcess[] = [];

afterEach(async () => {
  for (const service of running.splice(0)) {
    service.child.kill('SIGKILL');
    await service.result;
  }
});

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
  expect(first.code, first.stderr).toBe(0);
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
