import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { compile, qualified } from '../../src/project/compile.ts';
import type { DataTest, Project } from '../../src/project/project-contract.ts';
import { Warehouse } from '../../src/warehouse/warehouse.ts';
import { failureOf, projectOf, type Files } from './project-folder.ts';

const squeezed = (sql: string): string => sql.replaceAll(/\s+/g, ' ').trim();
const yml = (tests: string): string =>
  `models:\n  - name: m\n    columns:\n      - name: a\n        data_tests:\n${tests}`;
const TABLE: Files = {
  'models/m.sql': "{{ config(materialized='table') }}select * from (values (1, 'x'), (1, 'y'), (null, 'z')) as t(a, b)",
};

function testOf(files: Files): { project: Project; test: DataTest } {
  const project = projectOf({ ...TABLE, ...files });
  const [test] = project.tests;
  if (test === undefined) throw new Error('the project has no test');
  return { project, test };
}

interface Case {
  readonly name: string;
  readonly files: Files;
  readonly testName: string;
  readonly sql: string;
  /** The row of resultSql on the table above. */
  readonly result: { readonly failures: number; readonly should_warn: boolean; readonly should_error: boolean };
}

const CASES: readonly Case[] = [
  {
    name: 'unique',
    files: { 'models/m.yml': yml('          - unique\n') },
    testName: 'unique_m_a',
    sql: 'select a as unique_field, count(*) as n_records from "main"."m" where a is not null group by a having count(*) > 1',
    result: { failures: 1, should_warn: true, should_error: true },
  },
  {
    name: 'not_null under the old key, with where',
    files: {
      'models/m.yml': yml('          - not_null:\n              config: {where: "b <> \'z\'"}\n').replace(
        'data_tests',
        'tests',
      ),
    },
    testName: 'not_null_m_a',
    sql: `select a from (select * from "main"."m" where b <> 'z') dbt_subquery where a is null`,
    result: { failures: 0, should_warn: false, should_error: false },
  },
  {
    name: 'accepted_values without quotes, arguments beside',
    files: { 'models/m.yml': yml('          - accepted_values: {values: [2, 3], quote: false}\n') },
    testName: 'accepted_values_m_a__False__2__3',
    sql: 'with all_values as ( select a as value_field, count(*) as n_records from "main"."m" group by a ) select * from all_values where value_field not in ( 2,3 )',
    result: { failures: 1, should_warn: true, should_error: true },
  },
  {
    name: 'relationships to an ephemeral model, thresholds',
    files: {
      'models/e.sql': "{{ config(materialized='ephemeral') }}select 5 as id",
      'models/m.yml': yml(
        "          - relationships:\n              arguments: {to: ref('e'), field: id}\n              config: {error_if: '> 10', warn_if: '>= 2', severity: error}\n",
      ),
    },
    testName: 'relationships_m_a__id__ref_e_',
    sql: 'with __dbt__cte__e as ( select 5 as id ), child as ( select a as from_field from "main"."m" where a is not null ), parent as ( select id as to_field from __dbt__cte__e ) select from_field from child left join parent on child.from_field = parent.to_field where parent.to_field is null',
    result: { failures: 2, should_warn: true, should_error: false },
  },
  {
    name: 'a generic test of the project, with limit and fail_calc',
    files: {
      'tests/generic/above.sql':
        '{% test above(model, column_name, most) %}select * from {{ model }} where {{ column_name }} > {{ most }}{% endtest %}',
      'models/m.yml': yml(
        '          - above:\n              name: few\n              arguments: {most: "{{ 1 - 1 }}"}\n              config: {limit: 1, fail_calc: sum(a)}\n',
      ),
    },
    testName: 'few',
    sql: 'select * from "main"."m" where a > 0',
    result: { failures: 1, should_warn: true, should_error: true },
  },
  {
    name: 'a singular test that is a warning',
    files: {
      'tests/no_z.sql': "{{ config(severity='warn', error_if='> 5') }}select * from {{ ref('m') }} where b = 'z'",
    },
    testName: 'no_z',
    sql: `select * from "main"."m" where b = 'z'`,
    result: { failures: 1, should_warn: true, should_error: false },
  },
];

describe('data tests', () => {
  it.each(CASES)('$name', async ({ files, testName, sql, result }) => {
    const { project, test } = testOf(files);
    expect(test.name).toBe(testName);
    expect(test.uniqueId).toMatch(
      test.kind === 'generic' ? new RegExp(`^test\\.p\\.${testName}\\.[0-9a-f]{10}$`) : /^test\.p\.no_z$/,
    );
    expect(squeezed(test.sql(qualified))).toBe(sql);
    await using warehouse = await Warehouse.open(
      path.join(mkdtempSync(path.join(tmpdir(), 'lens-tests-')), 'w.duckdb'),
    );
    using connection = await warehouse.connect();
    await connection.run(`create table m as ${compile(project, project.model('m'), qualified)}`);
    const [row] = await connection.rows(test.resultSql(qualified));
    expect({ ...row, failures: Number(row?.['failures']) }).toEqual(result);
  });

  it('have the unique ids that dbt gives them', () => {
    const project = projectOf({
      'models/m.sql': 'select 1 as a',
      'models/m.yml': `sources: [{name: raw, tables: [{name: t, columns: [{name: x, data_tests: [unique]}]}]}]
models:
- name: m
  columns:
  - name: a
    data_tests:
    - unique
    - not_null: {config: {where: "a > 0"}}
    - accepted_values: {arguments: {values: [1, 2.5, "it's", yes], quote: false}}
    - relationships: {name: own, arguments: {to: ref('m'), field: a}}
`,
    });
    // as dbt 1.11.16 lists them for the same project
    expect(project.tests.map(({ uniqueId }) => uniqueId)).toEqual([
      'test.p.accepted_values_m_a__False__1__2_5__it_s__True.204b4d7900',
      'test.p.not_null_m_a.afd377d77e',
      'test.p.own.ce55beac3e',
      'test.p.source_unique_raw_t_x.d45aa5a53a',
      'test.p.unique_m_a.1ffe4a5e15',
    ]);
  });

  it('know their dependencies, columns and configuration', () => {
    const { project, test } = testOf({
      'dbt_project.yml': 'name: p\ndata_tests:\n  p:\n    +severity: warn\n    +store_failures: true\n',
      'models/m.yml': yml('          - not_null: {tags: [x]}\n'),
    });
    expect(test).toMatchObject({
      severity: 'warn',
      columnName: 'a',
      tags: ['x'],
      dependsOn: { refs: ['m'], models: ['m'], seeds: [], sources: [], sourceNames: [] },
    });
    expect(test.config.storeFailures).toBe('table');
    expect(squeezed(test.sql(qualified))).toBe('select * from "main"."m" where a is null');
    expect(project.model('m').columns).toEqual([
      {
        name: 'a',
        description: '',
        docBlocks: [],
        dataType: null,
        constraints: [],
        quote: false,
        meta: {},
        tags: [],
        tests: [test.uniqueId],
      },
    ]);
  });

  it.each(['models/t.yml', 'tests/deep/t.yml', 'seeds/t.yml', 'macros/t.yml', 'analyses/t.yml', 'snapshots/t.yml'])(
    'that are files are configured in %s, below their own config()',
    (yaml) => {
      const files: Files = {
        'dbt_project.yml': 'name: p\ndata_tests: {p: {+severity: error, +limit: 9}}\n',
        'tests/plain.sql': "select * from {{ ref('m') }}",
        'tests/own.sql': "{{ config(severity='error') }}select * from {{ ref('m') }}",
        'tests/quiet.sql': "select * from {{ ref('m') }}",
        [yaml]:
          'data_tests:\n  - {name: plain, config: {severity: warn, tags: [x]}}\n  - {name: own, config: {severity: warn}}\n  - {name: quiet, config: {enabled: false}}\n  - {name: gone}\n',
      };
      const project = projectOf({ ...TABLE, ...files });
      expect(project.tests.map(({ name, severity, tags, config }) => [name, severity, tags, config.limit])).toEqual([
        ['own', 'error', [], 9],
        ['plain', 'warn', ['x'], 9],
      ]);
      expect(project.warnings).toEqual([`${yaml}:5: there is no data test gone that this describes`]);
    },
  );

  it('of packages are left out, with a warning, unless the project has a copy', () => {
    const entries =
      '          - dbt_utils.equality: {compare_model: ref("m")}\n          - dbt_utils.mine\n          - unique\n';
    const project = projectOf({
      ...TABLE,
      'models/m.yml': yml(entries),
      'models/s.yml': 'sources: [{name: raw, tables: [{name: t, data_tests: [dbt_expectations.x]}]}]\n',
      'macros/mine.sql': '{% test mine(model, column_name) %}select 1{% endtest %}',
    });
    expect(project.tests.map(({ name }) => name)).toEqual(['dbt_utils_mine_m_a', 'unique_m_a']);
    expect(project.warnings).toEqual([
      'models/s.yml:1: the data test dbt_expectations.x is not run: the package dbt_expectations is not installed, run dbt deps',
      'models/m.yml:6: the data test dbt_utils.equality is not run: the package dbt_utils is not installed, run dbt deps',
    ]);
  });

  it('that read what is not enabled are not there either', () => {
    const project = projectOf({
      ...TABLE,
      'models/gone.sql': "{{ config(enabled=false) }}select * from {{ ref('nowhere') }}",
      'models/m.yml': `${yml("          - relationships: {arguments: {to: ref('gone'), field: id}}\n")}          - unique\n`,
      'models/s.yml': 'sources: [{name: raw, config: {enabled: false}, tables: [{name: t}]}]\n',
      'tests/of_model.sql': "select * from {{ ref('gone') }} join {{ ref('m') }}",
      'tests/of_source.sql': "select * from {{ source('raw', 't') }}",
    });
    expect(project.tests.map(({ name }) => name)).toEqual(['unique_m_a']);
  });

  it('that are not enabled are not there', () => {
    expect(
      projectOf({ ...TABLE, 'models/m.yml': yml('          - not_null: {config: {enabled: false}}\n') }).tests,
    ).toEqual([]);
  });

  it.each([
    ['severity: fatal', /severity must be error or warn/],
    ['limit: many', /limit must be a whole number/],
  ])('say when their configuration is wrong: %s', (config, message) => {
    const failure = failureOf(() =>
      projectOf({ ...TABLE, 'models/m.yml': yml(`          - not_null: {config: {${config}}}\n`) }),
    );
    expect(failure).toMatchObject({ code: 'PROJECT_INVALID', place: 'models/m.yml:6' });
    expect(failure.message).toMatch(message);
  });
});
