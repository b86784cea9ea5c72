import { describe, expect, it } from 'vitest';
import { unitTestNode } from '../../src/project/artifacts/manifest-declared.ts';
import { failureOf, projectOf, type Files } from './project-folder.ts';

const GIVEN = "given: [{input: ref('base'), rows: [{id: 7}]}], expect: {rows: [{id: 7}]}";
const FILES: Files = {
  'models/base.sql': 'select 1 as id',
  'models/users_v1.sql': "select id, 1 as n from {{ ref('base') }}",
  'models/users_v2.sql': "select id, 2 as n from {{ ref('base') }}",
  'models/users_v3.sql': "select id, 3 as n from {{ ref('base') }}",
};

function withTests(...tests: string[]): Files {
  const model = '{name: users, latest_version: 2, versions: [{v: 1}, {v: 2}, {v: 3}]}';
  return { ...FILES, 'models/y.yml': `models: [${model}]\nunit_tests: [${tests.join(', ')}]\n` };
}

describe('a unit test of a model with versions', () => {
  it("is one for each, with dbt's ids and checksum, as versions: includes and excludes", () => {
    const project = projectOf(
      withTests(
        `{name: all, model: users, ${GIVEN}}`,
        "{name: some, model: users, versions: {include: [1, 3]}, given: [{input: ref('base'), rows: [{id: 7}]}], expect: {rows: [{n: 1}]}}",
        `{name: without, model: users, versions: {exclude: [1]}, ${GIVEN}}`,
      ),
    );
    expect(project.warnings).toEqual([]);
    expect(
      project.unitTests.map(({ uniqueId, name, model, version, fqn }) => [
        uniqueId,
        name,
        model,
        version,
        fqn.join('.'),
      ]),
    ).toEqual([
      ['unit_test.p.users.all_v1', 'all', 'users_v1', 1, 'p.users.all'],
      ['unit_test.p.users.all_v2', 'all', 'users_v2', 2, 'p.users.all'],
      ['unit_test.p.users.all_v3', 'all', 'users_v3', 3, 'p.users.all'],
      ['unit_test.p.users.some_v1', 'some', 'users_v1', 1, 'p.users.some'],
      ['unit_test.p.users.some_v3', 'some', 'users_v3', 3, 'p.users.some'],
      ['unit_test.p.users.without_v2', 'without', 'users_v2', 2, 'p.users.without'],
      ['unit_test.p.users.without_v3', 'without', 'users_v3', 3, 'p.users.without'],
    ]);
    const node = (id: string): unknown => {
      const test = project.unitTests.find(({ uniqueId }) => uniqueId === id);
      return test === undefined ? null : unitTestNode(test, { project, createdAt: 0 } as never);
    };
    // As dbt 1.11.16 has them.
    expect(node('unit_test.p.users.all_v2')).toMatchObject({
      name: 'all',
      model: 'users',
      version: 2,
      versions: null,
      depends_on: { nodes: ['model.p.users.v2'] },
      checksum: '915e130105ac7e787b11308261f04a758fc1fd1621aa838c46c0d2b238a40f54',
    });
    expect(node('unit_test.p.users.some_v3')).toMatchObject({
      version: 3,
      versions: { include: [1, 3], exclude: null },
      checksum: 'bbda5e1561c22d27bb0541056702564c4316b6611718e2e0656ee6a3742f892f',
    });
    expect(node('unit_test.p.users.without_v2')).toMatchObject({
      versions: { include: null, exclude: [1] },
      checksum: 'c6f31c1376f53ac593050bdacf67f8615da325cda1a1e323ed4562bec456a1cd',
    });
  });

  it('is of the model of its own package where another one has one of that name', () => {
    const kit = {
      'dbt_packages/kit/dbt_project.yml': 'name: kit\n',
      'dbt_packages/kit/models/base.sql': "{{ config(alias='other') }} select 2 as id",
    };
    const test = 'unit_tests: [{name: plain, model: base, given: [], expect: {rows: [{id: 1}]}}]\n';
    const project = projectOf({ ...FILES, ...kit, 'models/y.yml': test });
    expect(project.unitTests.map(({ uniqueId }) => uniqueId)).toEqual(['unit_test.p.base.plain']);
  });

  it.each([
    [
      `{name: none, model: users, versions: {include: [4]}, ${GIVEN}}`,
      "Unit test 'none' referenced a version of 'users' which was not found.",
    ],
    [
      `{name: plain, model: base, versions: {include: [1]}, ${GIVEN}}`,
      "Unit test 'plain' should not have a versions include or exclude when referencing non-versioned model 'base'",
    ],
  ])("is refused in dbt's words: %s", (test, message) => {
    expect(failureOf(() => projectOf(withTests(test)))).toMatchObject({ code: 'PROJECT_INVALID', message });
  });
});
