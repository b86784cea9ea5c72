import { describe, expect, it } from 'vitest';
import { compile, qualified } from '../../src/project/compile.ts';
import { manifestJson } from '../../src/cli/manifest-file.ts';
import { failureOf, projectOf, type Files } from './project-folder.ts';

const M = { 'models/m.sql': 'select 1 as a' };

describe('seeds', () => {
  const files: Files = {
    'dbt_project.yml':
      'name: p\nseeds:\n  p:\n    +tags: all\n    raw: {+schema: landing, +delimiter: ";", +column_types: {code: varchar(3)}}\n',
    'seeds/raw/codes.csv': 'code;name\n',
    'seeds/plain.csv': 'a\n',
    'seeds/idle.csv': 'a\n',
    'seeds/g.yml': 'groups: [{name: g, owner: {name: x}}]',
    'seeds/s.yml': `seeds:
- name: codes
  description: Codes of countries
  config: {alias: country_codes, meta: {a: 1}, quote_columns: true, group: g}
  columns: [{name: code, data_tests: [unique]}]
- {name: idle, config: {enabled: false}}
- {name: gone}
`,
    'models/m.sql': "select * from {{ ref('codes') }} join {{ ref('p', 'plain') }} using (a)",
  };

  it('are nodes with their configuration, and ref() gives their relation', () => {
    const project = projectOf(files);
    expect(project.seeds.map(({ uniqueId }) => uniqueId)).toEqual(['seed.p.codes', 'seed.p.plain']);
    expect(project.seeds[0]).toMatchObject({
      path: 'seeds/raw/codes.csv',
      describedAt: 'seeds/s.yml:2',
      fqn: ['p', 'raw', 'codes'],
      schema: 'main_landing',
      alias: 'country_codes',
      tags: ['all'],
      meta: { a: 1 },
      group: 'g',
      description: 'Codes of countries',
      columnTypes: { code: 'varchar(3)' },
      delimiter: ';',
      quoteColumns: true,
    });
    expect(project.seeds[1]).toMatchObject({ schema: 'main', delimiter: ',', columnTypes: {}, quoteColumns: null });
    const model = project.model('m');
    expect(model.dependsOn).toEqual({
      refs: ['codes', 'plain'],
      models: [],
      seeds: ['codes', 'plain'],
      sources: [],
      sourceNames: [],
    });
    expect(compile(project, model, qualified)).toBe(
      'select * from "main_landing"."country_codes" join "main"."plain" using (a)',
    );
    const [test] = project.tests;
    expect(test).toMatchObject({ name: 'unique_codes_code', target: { kind: 'seed', name: 'codes' } });
    expect(test?.dependsOn.seeds).toEqual(['codes']);
    expect(project.seeds[0]?.columns[0]?.tests).toEqual([test?.uniqueId]);
    expect(project.warnings).toEqual(['seeds/s.yml:7: there is no seed gone that this describes']);
  });

  it('have their tests below models:, too, with a warning, as in dbt', () => {
    const project = projectOf({
      'seeds/rates.csv': 'code\nde\n',
      'models/s.yml':
        'models:\n  - name: rates\n    description: unread\n    columns: [{name: code, data_tests: [not_null]}]\n',
    });
    expect(project.tests.map(({ uniqueId, target }) => [uniqueId, target?.kind])).toEqual([
      [expect.stringMatching(/^test\.p\.not_null_rates_code\./), 'seed'],
    ]);
    expect(project.warnings).toEqual([
      "models/s.yml:2: 'rates' is a seed node, but it is specified in the models section: place it under the seeds key, only its tests are read here",
    ]);
    expect(project.seeds.map(({ description }) => description)).toEqual(['']);
  });

  it.each<[string, Files, { code: string; place: string; message: RegExp }]>([
    [
      'that is not enabled',
      { ...files, 'models/m.sql': "select * from {{ ref('idle') }}" },
      { code: 'MODEL_UNKNOWN_REF', place: 'models/m.sql:1', message: /seeds\/idle.csv is not enabled/ },
    ],
    [
      'named as a model',
      { ...M, 'seeds/m.csv': 'a\n' },
      { code: 'PROJECT_INVALID', place: 'models/m.sql', message: /name m is there twice/ },
    ],
    [
      'in a relation of a model',
      { 'seeds/s.csv': 'a\n', 'models/m.sql': "{{ config(alias='s') }}select 1" },
      { code: 'PROJECT_INVALID', place: 'models/m.sql', message: /relation main.s is there twice/ },
    ],
    [
      'with a wrong delimiter',
      { ...M, 'seeds/s.csv': 'a\n', 'seeds/s.yml': 'seeds:\n- {name: s, config: {delimiter: 1}}\n' },
      { code: 'PROJECT_INVALID', place: 'seeds/s.yml:2', message: /delimiter must be a text/ },
    ],
  ])('one %s is an error', (_, wrong, expected) => {
    const { message, ...rest } = expected;
    const failure = failureOf(() => projectOf(wrong));
    expect(failure).toMatchObject(rest);
    expect(failure.message).toMatch(message);
  });
});

describe('exposures', () => {
  const one = (more: string): Files => ({
    ...M,
    'seeds/s.csv': 'a\n',
    'models/s.yml': 'sources: [{name: raw, tables: [{name: t}]}]\n',
    'dbt_project.yml': 'name: p\nexposures:\n  p: {+tags: [z]}\n',
    'models/deep/e.yml': `exposures:\n- name: board\n  type: dashboard\n  owner: {email: a@b.c, team: x}\n${more}`,
  });

  it('know what they read and whose they are', () => {
    const project = projectOf(
      one(
        "  label: The board\n  maturity: high\n  url: https://x.y\n  description: d\n  meta: {a: 1}\n  tags: [b]\n  config: {tags: a}\n  depends_on: [ref('m'), \"ref('p', 's')\", \"source('raw', 't')\", \"metric('sales')\"]\n",
      ),
    );
    expect(project.exposures).toEqual([
      {
        name: 'board',
        uniqueId: 'exposure.p.board',
        packageName: 'p',
        path: 'models/deep/e.yml',
        place: 'models/deep/e.yml:2',
        fqn: ['p', 'deep', 'board'],
        label: 'The board',
        type: 'dashboard',
        maturity: 'high',
        url: 'https://x.y',
        owner: { email: 'a@b.c', team: 'x' },
        description: 'd',
        meta: { a: 1 },
        tags: ['a', 'b', 'z'],
        config: { tags: ['z', 'b', 'a'], meta: { a: 1 } },
        dependsOn: { refs: ['m', 's'], models: ['m'], seeds: ['s'], sources: ['t'], sourceNames: ['raw.t'] },
      },
    ]);
    expect(project.warnings).toEqual(["models/deep/e.yml:12: metric('sales') is not read, metrics are not run"]);
  });

  it.each([
    ["  depends_on: [ref('n')]\n", 'models/deep/e.yml:5', /no model n/],
    ['  maturity: old\n', 'models/deep/e.yml:5', /one of low, medium, high, not old/],
  ])('with %s are an error', (more, place, message) => {
    const failure = failureOf(() => projectOf(one(more)));
    expect(failure.place).toBe(place);
    expect(failure.message).toMatch(message);
  });

  it('are left out when not enabled, and read what is run where they name more', () => {
    expect(projectOf(one('  config: {enabled: false}\n')).exposures).toEqual([]);
    const project = projectOf({
      ...one("  depends_on: [ref('py'), ref('m')]\n"),
      'models/py.py': 'def model(): pass',
    });
    expect(project.exposures[0]?.dependsOn.models).toEqual(['m']);
    expect(project.warnings.at(-1)).toMatch(/^models\/deep\/e.yml:5: there is no model py: models\/py.py/);
  });
});

describe('groups, access and contracts', () => {
  it('are read from beside config and from within', () => {
    const project = projectOf({
      'models/m.sql': 'select 1 as a',
      'models/n.sql': "{{ config(access='public') }}select 1 as a",
      'models/m.yml': `groups: [{name: finance, owner: {name: F}}]
models:
- name: m
  group: finance
  access: private
  config: {contract: {enforced: true}}
  constraints: [{type: primary_key, columns: [a]}]
  columns: [{name: a, data_type: int, quote: true, constraints: [{type: not_null}, {type: check, expression: a > 0, name: c}]}]
- {name: n, columns: [{name: a}]}
`,
    });
    expect(project.groups).toMatchObject([{ name: 'finance', uniqueId: 'group.p.finance', owner: { name: 'F' } }]);
    expect(project.model('m')).toMatchObject({ packageName: 'p', access: 'private', group: 'finance' });
    expect(project.model('m').contract).toEqual({
      enforced: true,
      aliasTypes: true,
      constraints: [{ type: 'primary_key', name: null, expression: null, columns: ['a'] }],
      columns: [
        {
          name: 'a',
          dataType: 'int',
          constraints: [
            { type: 'not_null', name: null, expression: null, columns: [] },
            { type: 'check', name: 'c', expression: 'a > 0', columns: [] },
          ],
        },
      ],
    });
    expect(project.model('n')).toMatchObject({ access: 'public', group: null, contract: { enforced: false } });
  });

  it('tests are in the group of what they are on, else in their own', () => {
    const project = projectOf({
      ...M,
      'tests/t.sql': "{{ config(group='g') }}select 1 as a where false",
      'tests/u.sql': "select a from {{ ref('m') }}",
      'models/m.yml':
        'groups: [{name: g, owner: {name: x}}]\nmodels: [{name: m, group: g, columns: [{name: a, data_tests: [not_null]}]}]',
    });
    const { nodes, group_map: map } = manifestJson(project) as {
      nodes: Record<string, { group: string | null }>;
      group_map: unknown;
    };
    const tests = Object.entries(nodes).filter(([id]) => id.startsWith('test.'));
    expect(Object.fromEntries(tests.map(([id, { group }]) => [id.split('.')[2], group]))).toEqual({
      t: 'g',
      u: null,
      not_null_m_a: 'g',
    });
    expect(map).toEqual({ g: ['model.p.m', expect.stringContaining('not_null'), 'test.p.t'] });
  });

  it.each([
    [
      'models: [{name: m, config: {contract: {enforced: true}}, columns: [{name: a}, {name: b}]}]',
      /no data_type of a, b/,
    ],
    ['models: [{name: m, config: {contract: {enforced: true}}}]', /no columns/],
    [
      'models: [{name: m, config: {materialized: incremental, contract: {enforced: true}}, columns: [{name: a, data_type: int}]}]',
      /Invalid value for on_schema_change: ignore\. Models .* must set on_schema_change to 'append_new_columns' or 'fail'/,
    ],
    ['models: [{name: m, access: secret}]', /has the access "secret"/],
    ['models: [{name: m, constraints: [{type: big}]}]', /no constraint big/],
    ['groups: [{name: g}]', /group g has no owner/],
    ['groups: [{name: g, owner: {name: x}}, {name: g, owner: {name: x}}]', /group g is there twice/],
  ])('%s is an error', (yml, message) => {
    const failure = failureOf(() => projectOf({ ...M, 'models/m.yml': yml }));
    expect(failure).toMatchObject({ code: 'PROJECT_INVALID', place: 'models/m.yml:1' });
    expect(failure.message).toMatch(message);
  });
});

describe('unit tests', () => {
  it('are kept as they are written, with what selects them', () => {
    const project = projectOf({
      ...M,
      'dbt_project.yml': 'name: p\nunit_tests: {p: {+tags: [all]}}\n',
      'models/deep/u.yml': `unit_tests:
- name: adds
  model: m
  description: d
  given: [{input: ref('x'), rows: [{a: "{{ not_rendered }}"}]}]
  expect: {rows: [{a: 1}]}
  config: {tags: [own], meta: {k: v}}
- {name: idle, model: m, config: {enabled: false}}
- {name: lost, model: none}
`,
    });
    expect(project.unitTests).toMatchObject([
      {
        name: 'adds',
        uniqueId: 'unit_test.p.m.adds',
        path: 'models/deep/u.yml',
        place: 'models/deep/u.yml:2',
        fqn: ['p', 'deep', 'm', 'adds'],
        model: 'm',
        description: 'd',
        tags: ['all', 'own'],
        meta: { k: 'v' },
        yml: { given: [{ input: "ref('x')", rows: [{ a: '{{ not_rendered }}' }] }], expect: { rows: [{ a: 1 }] } },
      },
    ]);
    expect(project.unitTests).toHaveLength(1);
    expect(project.warnings).toEqual([
      'models/deep/u.yml:9: the unit test lost is left out, there is no enabled model none',
    ]);
  });
});

describe('selectors.yml', () => {
  it('is read with its definitions as they are', () => {
    const project = projectOf({
      ...M,
      'selectors.yml':
        'selectors:\n- name: all\n  description: d\n  definition: "tag:{{ target.name }}"\n- name: some\n  default: true\n  definition: {union: [{method: tag, value: x}]}\n',
    });
    expect(project.selectors).toEqual([
      { name: 'all', description: 'd', default: false, definition: 'tag:dev', place: 'selectors.yml:2' },
      {
        name: 'some',
        description: '',
        default: true,
        definition: { union: [{ method: 'tag', value: 'x' }] },
        place: 'selectors.yml:5',
      },
    ]);
  });

  it.each([
    ['selectors: [{name: a}]', /has no definition/],
    ['selectors: [{name: a, definition: x}, {name: a, definition: x}]', /selector a is there twice/],
    [
      'selectors: [{name: a, definition: x, default: true}, {name: b, definition: x, default: true}]',
      /both the default/,
    ],
  ])('%s is an error', (text, message) => {
    const failure = failureOf(() => projectOf({ ...M, 'selectors.yml': text }));
    expect(failure).toMatchObject({ code: 'PROJECT_INVALID', place: 'selectors.yml:1' });
    expect(failure.message).toMatch(message);
  });
});

describe('sources', () => {
  it('merge the limits of freshness by key, and null takes them away', () => {
    const project = projectOf({
      ...M,
      'models/s.yml': `sources:
- name: raw
  loader: x
  description: all of it
  freshness: {warn_after: {count: 1, period: day}, error_after: {count: 9, period: day}}
  loaded_at_field: at
  tables:
  - {name: a}
  - {name: b, config: {freshness: {warn_after: {count: 2}, error_after: null}}}
  - {name: c, freshness: null, loader: y}
`,
    });
    const day = (count: number): object => ({ count, period: 'day' });
    expect(project.sources.map(({ config }) => config['freshness'])).toEqual([
      { warn_after: day(1), error_after: day(9) },
      { warn_after: day(2), error_after: null },
      null,
    ]);
    expect(project.sources.map(({ loader }) => loader)).toEqual(['x', 'x', 'y']);
    expect(project.sources[1]).toMatchObject({
      fqn: ['p', 'raw', 'b'],
      path: 'models/s.yml',
      sourceDescription: 'all of it',
      config: { loaded_at_field: 'at' },
    });
  });
});

describe('data tests', () => {
  it('say which generic test they call with what', () => {
    const project = projectOf({
      ...M,
      'models/deep/m.yml':
        'models:\n- name: m\n  columns:\n  - name: a\n    data_tests:\n    - accepted_values: {arguments: {values: [1], quote: false}, description: d}\n',
      'tests/t.sql': "select * from {{ ref('m') }}",
    });
    expect(project.tests).toMatchObject([
      {
        testName: 'accepted_values',
        testPackage: null,
        arguments: { values: [1], quote: false, column_name: 'a' },
        fqn: ['p', 'deep', 'accepted_values_m_a__False__1'],
        place: 'models/deep/m.yml:6',
        description: 'd',
      },
      { testName: null, arguments: {}, fqn: ['p', 't'], place: 'tests/t.sql' },
    ]);
  });
});
