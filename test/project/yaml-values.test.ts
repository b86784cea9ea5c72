import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { compile, qualified } from '../../src/project/compile.ts';
import { failureOf, projectOf } from './project-folder.ts';

/** A value of YAML and what `{{ var('v') }}` and `{{ var('v') is string }}` print in dbt, which reads it with PyYAML. */
const CASES: readonly (readonly [yaml: string, printed: string, isText: boolean])[] = [
  ['no', 'False', false],
  ['off', 'False', false],
  ['On', 'True', false],
  ['YES', 'True', false],
  ['y', 'y', true],
  ['n', 'n', true],
  ['tRUE', 'tRUE', true],
  ["'no'", 'no', true],
  ['~', 'None', false],
  ['nULL', 'nULL', true],
  ['1.0', '1.0', false],
  ['-1.50', '-1.5', false],
  ['.5', '0.5', false],
  ['-.5', '-.5', true],
  ['1.', '1.0', false],
  ['1.0e+16', '1e+16', false],
  ['1.5e3', '1.5e3', true],
  ['1e3', '1e3', true],
  ['.inf', 'inf', false],
  ['010', '8', false],
  ['-010', '-8', false],
  ['08', '08', true],
  ['1_000', '1000', false],
  ['0x1F', '31', false],
  ['0b101', '5', false],
  ['0o17', '0o17', true],
  ['12:30:00', '45000', false],
  ['1:30.5', '90.5', false],
  ['+3', '3', false],
  ['9007199254740993', '9007199254740993', false],
  ['-9223372036854775808', '-9223372036854775808', false],
  ['2024-01-01', '2024-01-01', false],
  ['2024-1-1', '2024-1-1', true],
  ['2024-01-01T10:00:00Z', '2024-01-01 10:00:00+00:00', false],
  ['2024-01-01 10:00:00.5', '2024-01-01 10:00:00.500000', false],
];

describe('values of yml files', () => {
  it.each(CASES)('%s prints %s', (yaml, printed, isText) => {
    const project = projectOf({
      'dbt_project.yml': `name: p\nvars: {v: ${yaml}}\n`,
      'models/m.sql': "{{ var('v') }}|{{ var('v') is string }}|{{ config.get('v') }}",
      'models/m.yml': `models: [{name: m, config: {v: ${yaml}}}]\n`,
    });
    const [value, text, configured] = compile(project, project.model('m'), qualified).split('|');
    expect(value).toBe(printed);
    expect(configured).toBe(printed);
    // dates are texts here and dates in Python
    if (!/^\d{4}-\d\d-\d\d/.test(printed)) expect(text).toBe(isText ? 'True' : 'False');
  });

  it.skipIf(process.env['LENS_DBT_VENV'] === undefined)(
    'are those of PyYAML (with dbt installed in LENS_DBT_VENV)',
    () => {
      const program =
        'import json, sys, yaml\nfor one in json.load(sys.stdin):\n v = yaml.safe_load("v: " + one)["v"]; print(json.dumps([one, str(v), isinstance(v, str)]))';
      const python = `${process.env['LENS_DBT_VENV']}/bin/python`;
      const output = execFileSync(python, ['-c', program], { input: JSON.stringify(CASES.map(([yaml]) => yaml)) });
      expect(
        output
          .toString()
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as unknown),
      ).toEqual(CASES);
    },
  );

  it('enable and disable', () => {
    const project = projectOf({
      'dbt_project.yml': 'name: p\nmodels:\n  p:\n    old: {+enabled: no}\n',
      'models/old/a.sql': 'select 1',
      'models/b.sql': 'select 1',
      'models/c.sql': 'select 1',
      'models/c.yml': 'models: [{name: c, config: {enabled: off}}]\n',
    });
    expect(project.models.map(({ name }) => name)).toEqual(['b']);
  });

  it('in arguments of tests are exact', () => {
    const project = projectOf({
      'models/m.sql': 'select 1 as a',
      'models/m.yml':
        'models:\n- name: m\n  columns:\n  - name: a\n    data_tests:\n    - accepted_values: {arguments: {values: [9007199254740993, 1.0, yes], quote: false}}\n',
    });
    expect(project.tests[0]?.sql(qualified).replaceAll(/\s+/g, ' ')).toContain('( 9007199254740993,1.0,True )');
  });

  it('whose key is a word that YAML 1.1 reads as a boolean keep the word', () => {
    const project = projectOf({
      'models/m.sql': 'select 1 as a',
      'models/m.yml': "models: [{name: m, meta: {on: [a], 'off': [b], 1: c}}]\n",
    });
    expect(project.model('m').meta).toEqual({ on: ['a'], off: ['b'], 1: 'c' });
  });

  it('merge with <<', () => {
    const project = projectOf({
      'models/m.sql': 'select 1 as a',
      'models/m.yml': 'x: &x {a: 1, b: 1}\nmodels: [{name: m, meta: {<<: *x, b: 2}}]\n',
    });
    expect(project.model('m').meta).toEqual({ a: 1, b: 2 });
  });

  it('that must be texts say so when YAML reads them as booleans', () => {
    expect(
      failureOf(() =>
        projectOf({
          'models/m.sql': 'select 1',
          'models/m.yml': 'models:\n- name: m\n  columns:\n  - name: on\n',
        }),
      ),
    ).toMatchObject({ code: 'PROJECT_INVALID', place: 'models/m.yml:4', hint: 'put quotes around it' });
  });
});
