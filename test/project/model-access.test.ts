import { describe, expect, it } from 'vitest';
import { failureOf, projectOf, type Files } from './project-folder.ts';

const A: Files = { 'models/a.sql': 'select 1 as a' };
const READS: Files = { ...A, 'models/b.sql': "select * from {{ ref('a') }}" };
const GROUPS = 'groups: [{name: finance, owner: {name: F}}, {name: web, owner: {name: W}}]\n';
const PRIVATE = '{name: a, access: private, group: finance}';

/** A package with one model `k`. */
function kit(access: string, restricts: boolean, group = ''): Files {
  return {
    'dbt_packages/kit/dbt_project.yml': `{name: kit, restrict-access: ${restricts}}`,
    'dbt_packages/kit/models/k.sql': 'select 1 as a',
    'dbt_packages/kit/models/k.yml': `models: [{name: k, access: ${access}${group}}]\n`,
  };
}

const models = (...all: string[]): Files => ({ 'models/y.yml': `${GROUPS}models: [${all.join(', ')}]\n` });
const OF_THE_GROUP: Files = { 'models/b.sql': "{{ config(group='finance') }}select * from {{ ref('k') }}" };
const toPrivate = (node: string, group = 'finance', of = 'model.p.a'): string =>
  `Node ${node} attempted to reference node ${of}, which is not allowed because the referenced node is private to the '${group}' group.`;

/** What dbt 1.11.16 says of each, or null where it has nothing against it. */
const CASES: readonly [string, Files, string | null][] = [
  ['from the same group', { ...READS, ...models(PRIVATE, '{name: b, group: finance}') }, null],
  ['from another group', { ...READS, ...models(PRIVATE, '{name: b, group: web}') }, toPrivate('model.p.b')],
  ['from no group', { ...READS, ...models(PRIVATE) }, toPrivate('model.p.b')],
  ['without any group', { ...READS, ...models('{name: a, access: private}') }, toPrivate('model.p.b', '')],
  [
    'from its own test',
    { ...A, ...models('{name: a, access: private, group: finance, columns: [{name: a, data_tests: [unique]}]}') },
    null,
  ],
  [
    'from its own test, without a group',
    { ...A, ...models('{name: a, access: private, columns: [{name: a, data_tests: [unique]}]}') },
    toPrivate('test.p.unique_a_a.dd97e468dc', ''),
  ],
  [
    'from the test of another model',
    {
      ...A,
      'models/b.sql': 'select 1 as a',
      ...models(PRIVATE, "{name: b, columns: [{name: a, data_tests: [{relationships: {to: ref('a'), field: a}}]}]}"),
    },
    toPrivate('test.p.relationships_b_a__a__ref_a_.312f95d9ea'),
  ],
  [
    'from a singular test',
    { ...A, 'tests/t.sql': "select * from {{ ref('a') }}", ...models(PRIVATE) },
    toPrivate('test.p.t'),
  ],
  [
    'from a singular test of the group',
    { ...A, 'tests/t.sql': "{{ config(group='finance') }}select * from {{ ref('a') }}", ...models(PRIVATE) },
    null,
  ],
  [
    'from an exposure',
    {
      ...A,
      ...models(PRIVATE),
      'models/e.yml': "exposures: [{name: e, type: dashboard, owner: {name: x, email: y}, depends_on: [ref('a')]}]",
    },
    toPrivate('exposure.p.e'),
  ],
  [
    'to a version',
    {
      'models/a_v1.sql': 'select 1 as a',
      'models/a_v2.sql': 'select 1 as a',
      'models/b.sql': "select * from {{ ref('a', v=1) }}",
      ...models('{name: a, access: private, group: finance, versions: [{v: 1}, {v: 2}]}'),
    },
    toPrivate('model.p.b', 'finance', 'model.p.a.v1'),
  ],
  [
    'through an ephemeral model of the group',
    {
      ...A,
      'models/e.sql': "{{ config(materialized='ephemeral') }}select * from {{ ref('a') }}",
      'models/b.sql': "select * from {{ ref('e') }}",
      ...models(PRIVATE, '{name: e, group: finance}'),
    },
    null,
  ],
  [
    'of a package that restricts nothing',
    { ...kit('protected', false), 'models/b.sql': "select * from {{ ref('k') }}" },
    null,
  ],
  [
    'of a package that restricts, protected',
    { ...kit('protected', true), 'models/b.sql': "select * from {{ ref('k') }}" },
    "Node model.p.b attempted to reference node model.kit.k, which is not allowed because the referenced node is protected to the 'kit' package.",
  ],
  [
    'of a package that restricts, public',
    { ...kit('public', true), 'models/b.sql': "select * from {{ ref('k') }}" },
    null,
  ],
  [
    'of a package, private to the same group',
    { ...kit('private', false, ', group: finance'), ...OF_THE_GROUP, ...models() },
    null,
  ],
  [
    'of a package that restricts, private to the same group',
    { ...kit('private', true, ', group: finance'), ...OF_THE_GROUP, ...models() },
    toPrivate('model.p.b', 'finance', 'model.kit.k'),
  ],
  [
    'to a group that is not declared',
    { 'models/a.sql': "{{ config(group='none') }}select 1 as a", ...models() },
    "Invalid group 'none', expected one of ['finance', 'web']",
  ],
  [
    'to a group that is not declared, of a seed',
    { ...A, 'seeds/s.csv': 'a\n1\n', 'models/y.yml': `${GROUPS}seeds: [{name: s, config: {group: none}}]` },
    "Invalid group 'none', expected one of ['finance', 'web']",
  ],
  [
    'of an ephemeral model that is public',
    { 'models/a.sql': "{{ config(materialized='ephemeral', access='public') }}select 1 as a" },
    "Node model.p.a with 'ephemeral' materialization has an invalid value (public) for the access field",
  ],
];

describe('a reference', () => {
  it.each(CASES)('%s', (_, files, message) => {
    if (message === null) projectOf(files);
    else expect(failureOf(() => projectOf(files))).toMatchObject({ code: 'PROJECT_INVALID', message });
  });

  it('that is not allowed is told with the file and what may be done', () => {
    const failure = failureOf(() => projectOf({ ...READS, ...models(PRIVATE) }));
    expect(failure).toMatchObject({ place: 'models/b.sql', hint: expect.stringContaining('group') as string });
  });
});
