import { expect, it } from 'vitest';
import { manifestJson } from '../../src/cli/manifest-file.ts';
import { qualified } from '../../src/project/compile.ts';
import { selectResources } from '../../src/project/select-resources.ts';
import { projectOf, type Files } from './project-folder.ts';

const FILES: Files = {
  'dbt_project.yml': `name: p
analyses: {p: {+meta: {not_applied: 1}}}
models: {p: {analysis: {+meta: {tree: 2}, sub: {+tags: [subtag]}}}, +meta: {all: 1}}
`,
  'models/m.sql': 'select 1 as a',
  'models/e.sql': "{{ config(materialized='ephemeral') }}select 2 as a",
  'models/d.md': '{% docs d %}docs{% enddocs %}',
  'models/s.yml': 'sources: [{name: s, tables: [{name: t}]}]',
  'analyses/one.sql': `{{ config(tags=['x'], meta={'q': 1}) }}
-- an analysis
select * from {{ ref('m') }} join {{ ref('e') }} using (a) join {{ source('s', 't') }} using (a){% if execute %} -- {{ this }}{% endif %}`,
  'analyses/sub/two.sql': "select {{ var('q', 3) }} as z; select 2",
  'analyses/idle.sql': '{{ config(enabled=false) }}select 1',
  'analyses/a.yml': `analyses:
- name: one
  description: "hello {{ doc('d') }}"
  config: {tags: [yy]}
  meta: {w: 1}
  columns: [{name: a, description: the a, data_type: int}]
- {name: idle}
- {name: gone}
`,
};

// dbt says so as well, though it is applied
const UNUSED = 'dbt_project.yml:3: the configuration of models.p.analysis applies to nothing';

it('are nodes of the manifest as dbt has them', () => {
  const project = projectOf(FILES);
  const manifest = manifestJson(project, new Map([['analysis.p.one', 'select 1']]));
  const nodes = manifest['nodes'] as Record<string, unknown>;
  expect(Object.keys(nodes).filter((id) => id.startsWith('analysis.'))).toEqual(['analysis.p.one', 'analysis.p.two']);
  expect(nodes['analysis.p.one']).toMatchObject({
    resource_type: 'analysis',
    path: 'analysis/one.sql',
    original_file_path: 'analyses/one.sql',
    fqn: ['p', 'analysis', 'one'],
    alias: 'one',
    schema: 'main',
    config: { materialized: 'view', tags: ['yy', 'x'], meta: { all: 1, tree: 2, w: 1, q: 1 } },
    tags: ['x', 'yy'],
    description: 'hello docs',
    doc_blocks: ['doc.p.d'],
    columns: { a: { description: 'the a', data_type: 'int' } },
    patch_path: 'p://analyses/a.yml',
    relation_name: null,
    unrendered_config: { tags: ['x'], meta: { q: 1 } },
    depends_on: { nodes: ['source.p.s.t', 'model.p.m', 'model.p.e'] },
    compiled_path: 'target/compiled/p/analyses/one.sql',
    compiled_code: 'select 1',
  });
  expect(Object.keys((nodes['analysis.p.one'] as { config: object }).config)).not.toContain('access');
  expect(nodes['analysis.p.two']).toMatchObject({ path: 'analysis/sub/two.sql', tags: ['subtag'], patch_path: null });
  expect((manifest['child_map'] as Record<string, unknown>)['model.p.m']).toEqual(['analysis.p.one']);
  expect(project.warnings).toEqual(['analyses/a.yml:8: there is no analysis gone that this describes', UNUSED]);
});

it('are rendered with what they read, as any statements', () => {
  const { analyses } = projectOf(FILES);
  expect(analyses.map((one) => one.sql(qualified, new Map()).trim())).toEqual([
    `with __dbt__cte__e as (
select 2 as a
)

-- an analysis
select * from "main"."m" join __dbt__cte__e using (a) join "s"."t" using (a) -- "warehouse"."main"."one"`,
    'select 3 as z; select 2',
  ]);
});

it.each([
  ['one', ['analysis.p.one']],
  ['analysis.sub', ['analysis.p.two']],
  ['path:analyses', ['analysis.p.one', 'analysis.p.two']],
  ['resource_type:analysis,tag:x', ['analysis.p.one']],
  ['m+', ['analysis.p.one', 'model.p.m']],
  ['config.tags:yy', ['analysis.p.one']],
])('are selected by %s', (select, ids) => {
  const { resources } = selectResources(projectOf(FILES), { select: [select] });
  expect(resources.map(({ uniqueId }) => uniqueId)).toEqual(ids);
});

it('that cannot be rendered, or read what is not run, are left out with a warning; two of one name are an error', () => {
  const { analyses, warnings } = projectOf({
    ...FILES,
    'analyses/a.yml': '',
    'analyses/lost.sql': "select * from {{ ref('nowhere') }}",
    'analyses/odd.sql': '{% extends "x" %}',
    'analyses/off_reader.sql': "select * from {{ ref('off_model') }}",
    'models/off_model.sql': '{{ config(enabled=false) }}select 1',
  });
  expect(analyses.map(({ name }) => name)).toEqual(['one', 'two']);
  expect(warnings).toEqual([
    'analyses/lost.sql:1: the analysis lost is left out: there is no model nowhere',
    expect.stringMatching(/^analyses\/odd\.sql:1: the analysis odd is left out: /),
    UNUSED,
  ]);
  expect(() => projectOf({ ...FILES, 'analyses/other/two.sql': 'select 1' })).toThrow(
    /the analysis two is there twice/,
  );
});
