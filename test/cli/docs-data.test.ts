import { expect, test } from 'vitest';
import { type DocsData, docsData, type DocsResource } from '../../src/cli/docs/docs-data.ts';
import type { Project } from '../../src/project/project-contract.ts';
import { loadTopics } from '../../src/topics/catalog.ts';
import { projectFolder, projectOf, type Files } from '../project/project-folder.ts';

const PACKAGE = {
  'dbt_packages/kit/dbt_project.yml': 'name: kit\n',
  'dbt_packages/kit/models/docs.md': '{% docs __overview__ %}of the package{% enddocs %}',
  'dbt_packages/kit/models/kit_model.sql': 'select 1 as one',
};

const FILES: Files = {
  ...PACKAGE,
  'models/m.sql': `{{ config(materialized='table', docs={'show': false, 'node_color': 'gold'}, meta={'team': 'a', 'level': 2}) }}
select 1 as id, 2 as "Other" from {{ source('web', 'events') }}`,
  'models/e.sql': "{{ config(materialized='ephemeral', docs={'show': true}) }} select 1 as id",
  'models/all.yml': `
models:
  - name: m
    description: of m
    config: {contract: {enforced: false}}
    columns:
      - {name: only_said, data_type: text, description: not there}
      - {name: OTHER, description: said, data_tests: [not_null]}
sources:
  - name: web
    description: of all of them
    loader: kafka
    config: {freshness: {warn_after: {count: 1, period: hour}, error_after: {count: 2, period: day}}}
    tables:
      - {name: events}
      - {name: visits, description: its own}
exposures:
  - {name: board, type: dashboard, owner: {name: Ann, email: ann@e.org}, url: "https://e.org", depends_on: [ref('m')]}
  - {name: bare, type: ml, owner: {email: ""}}
`,
};

const NONE = loadTopics(projectFolder({ 'topics/manifest.json': '{}' }));

function dataOf(project: Project): DocsData {
  const column = (column: string, index: number, type: string) => {
    return { schema: 'main', relation: 'm', isView: false, column, index, type };
  };
  const stored = {
    columns: [column('Other', 2, 'INTEGER'), column('id', 1, 'BIGINT')],
    rows: new Map([['main.m', 7]]),
  };
  return docsData(project, { stored, status: null, plans: [], catalog: NONE }, new Date(0));
}

function find(data: DocsData, name: string): DocsResource {
  return data.resources.find((one) => one.name === name) as DocsResource;
}

test('a resource has what its files and the warehouse say of it', () => {
  const data = dataOf(projectOf(FILES));
  expect(data.generatedAt).toBe('1970-01-01T00:00:00.000Z');
  const model = find(data, 'm');
  expect(model).toMatchObject({ description: 'of m', kind: 'table', relation: 'main.m', storedAs: 'm', rows: 7 });
  expect([model.hidden, model.color]).toEqual([true, 'gold']);
  expect(model.facts).toEqual([
    ['access', 'protected'],
    ['team', 'a'],
    ['level', '2'],
  ]);
  expect(model.compiled).toContain('select 1 as id');
  // those that are stored in their order, then those that are only described
  expect(model.columns).toEqual([
    { name: 'id', type: 'BIGINT', description: '', tests: [] },
    {
      name: 'Other',
      type: 'INTEGER',
      description: 'said',
      tests: [expect.stringMatching(/^test\.p\.not_null_m_OTHER/)],
    },
    { name: 'only_said', type: 'text', description: 'not there', tests: [] },
  ]);
  const ephemeral = find(data, 'e');
  expect([ephemeral.relation, ephemeral.storedAs, ephemeral.rows, ephemeral.hidden]).toEqual([null, null, null, false]);
  expect([find(data, 'web.events'), find(data, 'web.visits')].map(({ description }) => description)).toEqual([
    'of all of them',
    'its own',
  ]);
  expect(find(data, 'web.events').facts).toEqual([
    ['loader', 'kafka'],
    ['freshness', 'warn after 1 hour, error after 2 days'],
  ]);
  expect(find(data, 'board')).toMatchObject({ kind: 'dashboard', parents: ['model.p.m'] });
  expect(find(data, 'board').facts).toEqual([
    ['owner', 'Ann, ann@e.org'],
    ['url', 'https://e.org'],
  ]);
  expect(find(data, 'bare').facts).toEqual([]);
});

test('the SQL of a model that waits for rows is not known', () => {
  const project = projectOf({ 'models/m.sql': 'select 1 as id', 'models/n.sql': 'select 2 as id' });
  const data = dataOf({ ...project, waiting: new Map([['m', 'it waits']]) });
  expect([find(data, 'm').compiled, find(data, 'n').compiled]).toEqual([null, 'select 2 as id']);
});

test('the overview is the project’s own, that for everything before that for the project', () => {
  const overview = (files: Files): string | null => dataOf(projectOf({ ...PACKAGE, ...files })).overview;
  expect(overview({})).toBe(null);
  const own = '{% docs __p__ %}of p{% enddocs %}';
  expect(overview({ 'models/a.md': own })).toBe('of p');
  expect(overview({ 'models/a.md': `${own}{% docs __overview__ %}of all{% enddocs %}` })).toBe('of all');
});
