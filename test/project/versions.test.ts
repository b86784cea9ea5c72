import { describe, expect, it } from 'vitest';
import { compile, qualified } from '../../src/project/compile.ts';
import { namesOf } from '../../src/cli/node-command.ts';
import { selectResources } from '../../src/project/select-resources.ts';
import { selectModels } from './select-models.ts';
import { failureOf, projectOf, type Files } from './project-folder.ts';

const FILES: Files = {
  'dbt_project.yml': 'name: p\nmodels: {p: {deep: {users: {+tags: [all], v1: {+tags: [first]}}}}}\n',
  'models/deep/users_old.sql': 'select 1 as id, 2 as gone',
  'models/deep/users_v2.sql': 'select 1 as id, 3 as new',
  'models/deep/users_v3.sql': 'select 1 as id',
  'models/deep/u.yml': `models:
- name: users
  latest_version: 2
  description: all
  config: {materialized: table, meta: {a: 1}}
  columns: [{name: id, data_tests: [unique]}, {name: gone}]
  data_tests: [any: {arguments: {n: 1}}]
  versions:
  - {v: 1, defined_in: users_old, description: first, config: {alias: users_first}, columns: [{include: '*'}], tests: []}
  - {v: 2, columns: [{include: all, exclude: [gone]}, {name: new, description: n}]}
  - {v: 3, config: {materialized: view}, columns: [{include: [id]}]}
`,
  'macros/any.sql': '{% test any(model, n) %}select {{ n }} from {{ model }}{% endtest %}',
  'models/m.sql': "select * from {{ ref('users') }}, {{ ref('users', v=1) }}, {{ ref('p', 'users', version=3) }}",
};

describe('versions of a model', () => {
  it("are models with dbt's names, each from its file, with what is said of all and of it", () => {
    const project = projectOf(FILES);
    expect(project.warnings).toEqual([]);
    expect(project.model('users_v1')).toMatchObject({
      uniqueId: 'model.p.users.v1',
      version: { of: 'users', v: 1, latest: 2 },
      path: 'models/deep/users_old.sql',
      describedAt: 'models/deep/u.yml:9',
      fqn: ['p', 'deep', 'users', 'v1'],
      alias: 'users_first',
      description: 'first',
      materialized: 'table',
      tags: ['all', 'first'],
      meta: { a: 1 },
    });
    expect(project.model('users_v2')).toMatchObject({ alias: 'users_v2', description: 'all', tags: ['all'] });
    expect(project.model('users_v3')).toMatchObject({ materialized: 'view', meta: { a: 1 } });
    const columns = (name: string): string[] => project.model(name).columns.map((column) => column.name);
    expect([columns('users_v1'), columns('users_v2'), columns('users_v3')]).toEqual([
      ['id', 'gone'],
      ['id', 'new'],
      ['id'],
    ]);
    // as dbt 1.11.16 lists them
    expect(project.tests.map(({ uniqueId }) => uniqueId)).toEqual([
      'test.p.any_users_v2_1.de50f15ed7',
      'test.p.any_users_v3_1.e7c140b108',
      'test.p.unique_users_v1_id.b4a3b28725',
      'test.p.unique_users_v2_id.e56191b20e',
      'test.p.unique_users_v3_id.633fd49f25',
    ]);
  });

  it('are what ref() means: the latest one, or the one it names', () => {
    const project = projectOf(FILES);
    expect(project.model('m').dependsOn.models).toEqual(['users_v2', 'users_v1', 'users_v3']);
    expect(compile(project, project.model('m'), qualified)).toBe(
      'select * from "main"."users_v2", "main"."users_first", "main"."users_v3"',
    );
  });

  it('may be defined in a file without a number when they are the latest, which is the greatest unless said', () => {
    const project = projectOf({
      'models/x_v1.sql': 'select 1',
      'models/x.sql': 'select 2',
      'models/x.yml': 'models: [{name: x, versions: [{v: 1}, {v: 2}]}]',
      'models/m.sql': "select * from {{ ref('x') }}",
    });
    expect(project.model('x_v2')).toMatchObject({ path: 'models/x.sql', alias: 'x_v2' });
    expect(project.model('m').dependsOn.models).toEqual(['x_v2']);
  });

  it.each([
    ['[{v: 10}, {v: 9}]', 'x_v10'],
    ['[{v: b}, {v: a}]', 'x_vb'],
  ])('compare as numbers or texts: %s', (versions, latest) => {
    const files = Object.fromEntries(
      ['x_v9', 'x_v10', 'x_va', 'x_vb'].map((name) => [`models/${name}.sql`, 'select 1']),
    );
    const project = projectOf({
      ...files,
      'models/x.yml': `models: [{name: x, versions: ${versions}}]`,
      'models/m.sql': "select * from {{ ref('x') }}",
    });
    expect(project.model('m').dependsOn.models).toEqual([latest]);
  });

  it.each([
    ['users', ['users_v1', 'users_v2', 'users_v3']],
    ['users.v1', ['users_v1']],
    ['users_v1', ['users_v1']],
    ['use*,version:latest', ['users_v2']],
    ['version:old version:prerelease', ['users_v1', 'users_v3']],
    ['version:none', ['m']],
  ])('are selected by %s', (word, names) => {
    const models = selectModels(projectOf(FILES), { select: [word] });
    expect(models.map(({ name }) => name).toSorted()).toEqual(names);
  });

  it.each<[string, Files, string, RegExp]>([
    [
      'that is not there',
      { 'models/m.sql': "select * from {{ ref('users', v=9) }}" },
      'models/m.sql:1',
      /no version 9/,
    ],
    ['of a model without', { 'models/m.sql': "select * from {{ ref('m', v=9) }}" }, 'models/m.sql:1', /no version 9/],
    ['without v', { 'models/x.yml': 'models: [{name: x, versions: [{defined_in: a}]}]' }, 'models/x.yml:1', /no v$/],
    [
      'named as the latest that is none',
      { 'models/x.yml': 'models: [{name: x, latest_version: 2, versions: [{v: 1}]}]' },
      'models/x.yml:1',
      /has no version 2/,
    ],
  ])('%s is an error', (_, files, place, message) => {
    const failure = failureOf(() => projectOf({ ...FILES, ...files }));
    expect(failure.place).toBe(place);
    expect(failure.message).toMatch(message);
  });

  it('whose file is not there are named', () => {
    const project = projectOf({
      'models/x.yml': 'models: [{name: x, latest_version: 1, versions: [{v: 1}, {v: 2}]}]',
      'models/x_v1.sql': 'select 1',
      // that of the latest alone, which has one of its own
      'models/x.sql': 'select 2',
    });
    expect(project.warnings).toEqual(['models/x.yml:1: there is no model x_v2 that this describes']);
  });

  it('are what a selection of dbt names is for: the models by their own names', () => {
    const project = projectOf(FILES);
    const { resources } = selectResources(project, { select: ['users.v1', 'm'] });
    expect(resources.filter(({ resourceType }) => resourceType === 'model').map(({ name }) => name)).toEqual([
      'm',
      'users',
    ]);
    expect(namesOf(project.models, resources)).toEqual(['users_v1', 'm']);
  });
});
