import { expect, test } from 'vitest';
import { runOrder } from '../../src/project/run-order.ts';
import { projectOf } from './project-folder.ts';

const project = projectOf({
  'models/m.yml': `
models:
  - name: first
    columns: [{ name: x, data_tests: [not_null] }]
  - name: second
    columns: [{ name: x, data_tests: [unique] }]
  - name: last
    columns:
      - name: x
        data_tests: [{ relationships: { arguments: { to: ref('first'), field: x } } }]
unit_tests:
  - name: adds
    model: second
    given: []
    expect: { rows: [] }
`,
  'models/first.sql': 'select 1 as x',
  'models/hidden.sql': "{{ config(materialized='ephemeral') }} select * from {{ ref('first') }}",
  'models/second.sql': "select * from {{ ref('hidden') }}",
  'models/last.sql': "select * from {{ ref('second') }}",
  'tests/both.sql': "select * from {{ ref('first') }} join {{ ref('second') }} using (x) where false",
  'tests/nothing.sql': 'select 1 where false',
});

/** `model.p.first` and `test.p.not_null_first_x.6e5f...` by their third word. */
const short = (id: string): string => id.split('.')[id.startsWith('unit_test') ? 3 : 2] as string;
const ids = [...project.models, ...project.tests, ...project.unitTests].map(({ uniqueId }) => uniqueId);

function orderOf(names: readonly string[]): Record<string, string[]> {
  const chosen = new Set(ids.filter((id) => names.includes(short(id))));
  const order = runOrder(project, chosen);
  return Object.fromEntries(order.map(({ uniqueId, blockers }) => [short(uniqueId), [...blockers].map(short).sort()]));
}

test('a node comes after what it follows from and the tests of that, a unit test before its model', () => {
  const order = orderOf(ids.map(short).filter((name) => name !== 'hidden'));
  expect(Object.keys(order)).toEqual([
    'nothing',
    'first',
    'not_null_first_x',
    'adds',
    'second',
    'both',
    'unique_second_x',
    'last',
    'relationships_last_x__x__ref_first_',
  ]);
  expect(order).toMatchObject({
    nothing: [],
    not_null_first_x: ['first'],
    second: ['adds', 'first', 'not_null_first_x'],
    both: ['first', 'second'],
    // not held up by its own test, nor by one that reads nothing
    last: ['adds', 'both', 'first', 'not_null_first_x', 'second', 'unique_second_x'],
  });
});

test('through what is not run', () => {
  expect(orderOf(['first', 'last', 'not_null_first_x'])).toEqual({
    first: [],
    not_null_first_x: ['first'],
    last: ['first', 'not_null_first_x'],
  });
});
