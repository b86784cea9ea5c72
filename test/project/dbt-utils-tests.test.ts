import { DuckDBInstance } from '@duckdb/node-api';
import { expect, test } from 'vitest';
import { qualified } from '../../src/project/relation-naming.ts';
import { projectOf } from './project-folder.ts';

/** A test of `m` or of its column `x`, rows of `m`, and how many failures there are. */
interface Case {
  readonly yml: string;
  readonly column?: string;
  readonly rows: string;
  readonly failures: number;
}

const INTS = 'select * from (values (1, 1), (2, 1), (3, 2), (null, 2)) t(x, g)';
const RANGES = 'select * from (values (1, 3, 1), (3, 5, 1), (6, 8, 1), (4, 4, 2)) t(a, b, g)';

const CASES: Readonly<Record<string, Case>> = {
  accepted_range: { column: 'x', yml: '{ min_value: 2, max_value: 3 }', rows: INTS, failures: 1 },
  'accepted_range from above': { column: 'x', yml: '{ max_value: 2 }', rows: INTS, failures: 1 },
  'accepted_range exclusive': { column: 'x', yml: '{ min_value: 1, inclusive: false }', rows: INTS, failures: 1 },
  expression_is_true: { yml: "{ expression: 'x + g > 2' }", rows: INTS, failures: 1 },
  'expression_is_true of a column': { column: 'x', yml: "{ expression: '< 3' }", rows: INTS, failures: 1 },
  unique_combination_of_columns: { yml: '{ combination_of_columns: [g] }', rows: INTS, failures: 2 },
  'unique_combination_of_columns of two': { yml: '{ combination_of_columns: [g, x] }', rows: INTS, failures: 0 },
  'unique_combination_of_columns quoted': {
    yml: '{ combination_of_columns: [g], quote_columns: true }',
    rows: INTS,
    failures: 2,
  },
  not_null_proportion: { column: 'x', yml: '{ at_least: 0.8 }', rows: INTS, failures: 1 },
  'not_null_proportion by groups': {
    column: 'x',
    yml: '{ at_least: 0.8, group_by_columns: [g] }',
    rows: INTS,
    failures: 1,
  },
  'not_null_proportion at most': { column: 'x', yml: '{ at_least: 0, at_most: 0.75 }', rows: INTS, failures: 0 },
  'not_null_proportion above': { column: 'x', yml: '{ at_least: 0, at_most: 0.5 }', rows: INTS, failures: 1 },
  not_empty_string: { column: 'x', yml: '{}', rows: "select unnest(['a', ' ', chr(9), '', null]) x", failures: 3 },
  'not_empty_string as it is': {
    column: 'x',
    yml: '{ trim_whitespace: false }',
    rows: "select unnest(['a', ' ', '']) x",
    failures: 1,
  },
  at_least_one: { column: 'x', yml: '{}', rows: 'select null as x from range(3)', failures: 1 },
  'at_least_one of an empty table': { column: 'x', yml: '{}', rows: 'select 1 as x where false', failures: 1 },
  'at_least_one by groups': {
    column: 'x',
    yml: '{ group_by_columns: [x, g] }',
    rows: 'select * from (values (1, 1), (null, 1), (null, 2)) t(x, g)',
    failures: 1,
  },
  equal_rowcount: { yml: "{ compare_model: ref('other') }", rows: INTS, failures: 2 },
  'equal_rowcount by groups': {
    yml: "{ compare_model: ref('other'), group_by_columns: [g] }",
    rows: INTS,
    failures: 4,
  },
  'equal_rowcount of the same': { yml: "{ compare_model: ref('m') }", rows: INTS, failures: 0 },
  fewer_rows_than: { yml: "{ compare_model: ref('other') }", rows: INTS, failures: 3 },
  recency: {
    yml: '{ field: x, datepart: day, interval: 1 }',
    rows: 'select now()::timestamp - interval 3 day as x',
    failures: 1,
  },
  'recency, recent': {
    yml: '{ field: x, datepart: week, interval: 1 }',
    rows: 'select now()::timestamp - interval 3 day as x',
    failures: 0,
  },
  'recency, the time of the day counts': {
    yml: '{ field: x, datepart: day, interval: 1 }',
    rows: 'select current_date - interval 1 day as x',
    failures: 1,
  },
  'recency, days alone': {
    yml: '{ field: x, datepart: day, interval: 1, ignore_time_component: true }',
    rows: 'select current_date - interval 1 day as x',
    failures: 0,
  },
  relationships_where: { column: 'x', yml: "{ to: ref('other'), field: x }", rows: INTS, failures: 1 },
  'relationships_where with conditions': {
    column: 'x',
    yml: "{ to: ref('other'), field: x, from_condition: 'x < 3', to_condition: 'x < 2' }",
    rows: INTS,
    failures: 1,
  },
  mutually_exclusive_ranges: {
    yml: '{ lower_bound_column: a, upper_bound_column: b, zero_length_range_allowed: true }',
    rows: RANGES,
    failures: 1,
  },
  'mutually_exclusive_ranges by parts, without gaps': {
    yml: '{ lower_bound_column: a, upper_bound_column: b, partition_by: g, gaps: not_allowed }',
    rows: RANGES,
    failures: 2,
  },
  'mutually_exclusive_ranges by parts, gaps required': {
    yml: '{ lower_bound_column: a, upper_bound_column: b, partition_by: g, gaps: required, zero_length_range_allowed: true }',
    rows: RANGES,
    failures: 1,
  },
  sequential_values: { column: 'x', yml: '{}', rows: 'select unnest([1, 2, 4]) x', failures: 1 },
  'sequential_values by groups': {
    column: 'x',
    yml: '{ interval: 2, group_by_columns: [g] }',
    rows: 'select * from (values (1, 1), (3, 1), (5, 1), (1, 2), (2, 2)) t(x, g)',
    failures: 1,
  },
  'sequential_values of days': {
    column: 'x',
    yml: '{ datepart: day }',
    rows: "select unnest([date '2026-01-01', date '2026-01-02', date '2026-01-03', date '2026-01-05']) x",
    failures: 1,
  },
  cardinality_equality: { column: 'g', yml: "{ to: ref('other'), field: x }", rows: INTS, failures: 4 },
  not_accepted_values: { column: 'x', yml: '{ values: [1, 3], quote: false }', rows: INTS, failures: 2 },
  'not_accepted_values as they are': {
    column: 'x',
    yml: `{ values: ["lower('A')"], quote: false }`,
    rows: "select unnest(['a', 'b']) x",
    failures: 1,
  },
  not_constant: { column: 'g', yml: '{ group_by_columns: [g] }', rows: INTS, failures: 2 },
};

test.each(Object.entries(CASES))('dbt_utils.%s', async (title, { yml, column, rows, failures }) => {
  const call = `{ dbt_utils.${title.split(/[ ,]/)[0]}: { arguments: ${yml} } }`;
  const project = projectOf({
    'models/m.yml': `models:
  - name: m
${column === undefined ? `    data_tests: [${call}]` : `    columns: [{ name: ${column}, data_tests: [${call}] }]`}
`,
    'models/m.sql': rows,
    'models/other.sql': 'select * from (values (1, 1), (2, 3)) t(x, g)',
  });
  expect(project.warnings).toEqual([]);
  const [only] = project.tests;
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  for (const model of project.models)
    await connection.run(`create view ${model.name} as ${project.renderer.model(model, qualified)}`);
  const reader = await connection.runAndReadAll(only?.resultSql(qualified) ?? '');
  expect(Number(reader.getRows()[0]?.[0])).toBe(failures);
});

test('names are those of the package, a test of the project goes before, and an unknown one is an error', () => {
  const yml = (name: string): string => `models:
  - name: m
    columns: [{ name: x, data_tests: [{ dbt_utils.${name}: { arguments: { min_value: 0 } } }] }]
`;
  const files = { 'models/m.sql': 'select 1 as x', 'models/m.yml': yml('accepted_range') };
  expect(projectOf(files).tests.map(({ name, testPackage }) => [name, testPackage])).toEqual([
    ['dbt_utils_accepted_range_m_x__0', 'dbt_utils'],
  ]);
  const own = "{% test accepted_range(model, column_name, min_value) %}select 'own' from {{ model }}{% endtest %}";
  const [mine] = projectOf({ ...files, 'macros/own.sql': own }).tests;
  expect(mine?.sql(qualified)).toBe(`select 'own' from "main"."m"`);
  const unknown = projectOf({ ...files, 'models/m.yml': yml('nothing_like_it') });
  expect(unknown.tests).toEqual([]);
  expect(unknown.warnings[0]).toContain('the data test dbt_utils.nothing_like_it is not run');
});
