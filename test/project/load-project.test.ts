import { describe, expect, it } from 'vitest';
import { manifestOf } from '../../src/project/artifacts/manifest.ts';
import { bare, compile, qualified } from '../../src/project/compile.ts';
import { loadProject } from '../../src/project/load-project.ts';
import { projectOf, SHIPPED, SHOP, type Files } from './project-folder.ts';

const config = (files: Readonly<Record<string, string>>): Readonly<Record<string, unknown>> =>
  projectOf(files).model('m').config;

describe('loading', () => {
  it('reads the shipped project: its models in order, each compiles, nothing is left out', () => {
    const project = loadProject(SHIPPED);
    expect(project.models.map(({ name }) => name).toSorted()).toEqual([
      'daily_metrics',
      'dim_prompts',
      'dim_users',
      'fct_generations',
      'fct_sessions',
      'ftr_llm_analysis',
      'ftr_text_embeddings',
      'stg_generations',
      'stg_prompts',
      'stg_users',
      'user_friction_summary',
    ]);
    for (const model of project.models) {
      for (const naming of [bare, qualified]) expect(compile(project, model, naming)).not.toMatch(/\{\{|\{%/);
    }
    expect(project.sources.map(({ table }) => table)).toEqual([
      'raw_generations',
      'raw_prompt_enrichments',
      'raw_prompts',
      'raw_users',
    ]);
    expect(project.warnings).toEqual([]);
    expect(project.tests.length).toBeGreaterThan(150);
    for (const test of project.tests) expect(test.resultSql(qualified)).toContain('as should_error');
  });

  it('reads the shop: order, dependencies, configuration from all three levels', () => {
    const project = loadProject(SHOP);
    expect(project.models.map(({ name, materialized }) => `${name} ${materialized}`)).toEqual([
      'stg_customers view',
      'dim_customers table',
      'stg_orders view',
      'fct_orders table',
      'daily_sales table',
      'paid_orders ephemeral',
      'customer_totals incremental',
    ]);
    expect(project.model('fct_orders').dependsOn).toEqual({
      refs: ['stg_orders', 'dim_customers'],
      models: ['stg_orders', 'dim_customers'],
      seeds: [],
      sources: [],
      sourceNames: [],
    });
    expect(project.model('stg_orders').dependsOn).toEqual({
      refs: [],
      models: [],
      seeds: [],
      sources: ['raw_orders'],
      sourceNames: ['web.orders'],
    });
    expect(project.model('stg_orders').tags).toEqual(['staging']);
    expect(project.model('daily_sales').meta).toEqual({ upkeep: 'compaction' });
    expect(project.model('customer_totals').config['unique_key']).toBe('customer_id');
    expect(project.warnings).toEqual([]);
  });

  it('is pure: twice the same', () => {
    const [first, second] = [loadProject(SHOP), loadProject(SHOP)];
    expect(first.models.map((model) => compile(first, model, bare))).toEqual(
      second.models.map((model) => compile(second, model, bare)),
    );
    expect(first.tests.map(({ uniqueId }) => uniqueId)).toEqual(second.tests.map(({ uniqueId }) => uniqueId));
  });
});

describe('warnings', () => {
  const warningsOf = (files: Files): readonly string[] => projectOf({ 'models/m.sql': 'select 1', ...files }).warnings;

  it.each<[string, Files, readonly (string | RegExp)[]]>([
    [
      'databases',
      {
        'dbt_project.yml': 'name: p\nmodels:\n  +database: other\n',
        'macros/names.sql': '{% macro generate_database_name(name, node) %}x{% endmacro %}',
        'models/s.yml': 'sources:\n- name: raw\n  database: other\n  tables: [{name: t}]\n',
      },
      [/^macros\/names.sql: generate_database_name/, /^models\/s.yml:3: database/, /^models\/m.sql: database/],
    ],
    [
      'keys dbt does not know',
      {
        'dbt_project.yml': 'name: p\nmodel-path: [models]\n',
        'models/m.yml':
          'modles: []\nmodels:\n- name: m\n  confg: {a: 1}\n  config: {materialised: x}\n  colums: []\n  columns:\n  - name: a\n    descripton: x\n',
        'models/s.yml': 'sources:\n- name: raw\n  shema: x\n  tables:\n  - name: t\n    identifer: u\n',
      },
      [
        /^models\/m.yml:1: .*modles here.*did you mean models\?$/,
        /^models\/m.yml:4: .*confg here.*did you mean config\?$/,
        /^models\/m.yml:6: .*colums here.*did you mean columns\?$/,
        /^models\/m.yml:9: .*descripton here.*did you mean description\?$/,
        /^models\/s.yml:3: .*shema here.*did you mean schema\?$/,
        /^models\/s.yml:6: .*identifer here.*did you mean identifier\?$/,
        /^dbt_project.yml:2: .*model-path here.*did you mean model-paths\?$/,
      ],
    ],
    [
      'configuration that applies to nothing',
      {
        'dbt_project.yml':
          'name: p\nmodels:\n  q: {+enabled: true}\n  p:\n    +meta: {a: {b: 1}}\n    old: {x: {+enabled: false}}\n    off: {+enabled: false}\nsources: {p: {raw: {t: {+enabled: true}}, row: {}}}\ndata_tests: {p: {sub: {+severity: warn}}}\n',
        'models/off/n.sql': 'select 1',
        'models/s.yml': 'sources: [{name: raw, tables: [{name: t}]}]\n',
      },
      [
        'dbt_project.yml:3: the configuration of models.q applies to nothing',
        'dbt_project.yml:6: the configuration of models.p.old applies to nothing',
        'dbt_project.yml:8: the configuration of sources.p.row applies to nothing',
        'dbt_project.yml:9: the configuration of data_tests.p applies to nothing',
      ],
    ],
    [
      'old names of paths, which are read',
      {
        'dbt_project.yml': 'name: p\nsource-paths: [old]\ndata-paths: [data]\n',
        'old/a.sql': "select * from {{ ref('b') }}",
        'old/b.sql': 'select 1',
        'data/c.csv': 'x',
      },
      [/^dbt_project.yml:2: source-paths is/, /^dbt_project.yml:3: data-paths is/],
    ],
    [
      'names that are not there and are printed, but for those of packages',
      {
        'models/m.sql':
          'select\n  1 {{ grian }} as {% if execute %}{% set x = 1 %}{% endif %}a{{ x }}\n{{ odd.text() }}',
        'dbt_packages/odd/dbt_project.yml': 'name: odd\n',
        'dbt_packages/odd/macros/m.sql':
          '{% macro text() %}{% if 1 > 2 %}{% set y = 1 %}{% endif %}{{ y }}{% endmacro %}',
      },
      [/^models\/m.sql:2: 'grian' is undefined, and prints nothing$/],
    ],
    [
      'nothing for keys dbt knows',
      {
        'models/m.yml':
          'version: 2\ngroups: [{name: g, owner: {name: x}}]\nanchors: []\nmodels:\n- name: m\n  access: public\n  group: g\n  docs: {show: true}\n  latest_version: 1\n  columns: [{name: a, quote: true, data_type: int, constraints: []}]\nmacros: [{name: x}]\n',
      },
      [],
    ],
  ])('say what is not used: %s', (_, files, expected) => {
    const warnings = warningsOf(files);
    expect(warnings.length, warnings.join('\n')).toBe(expected.length);
    expected.forEach((one, i) => expect(warnings[i]).toMatch(one));
  });
});

describe('descriptions', () => {
  it('hold the texts of docs blocks', () => {
    const project = projectOf({
      'models/d.md': '# x\n{% docs grain %}\nOne row per *day*.\n{% enddocs %}\n{%- docs other -%}o{%- enddocs -%}',
      'models/m.sql': 'select 1 as a',
      'models/m.yml':
        "sources: [{name: raw, tables: [{name: t, description: \"{{ doc('other') }}\"}]}]\nmodels:\n- name: m\n  description: '{{ doc(\"grain\") }} Yes.'\n  columns: [{name: a, description: \"{{ doc('p', 'other') }}\", data_tests: [{not_null: {description: \"{{ doc('other') }}{{ doc('grain') }}\"}}]}]\n",
      'macros/m.sql':
        '{% macro one() %}1{% endmacro %}\n\n{%- macro two() -%}2{%- endmacro -%}\n\n{% macro three() %}3{% endmacro %}\n',
    });
    expect(project.model('m').description).toBe('One row per *day*. Yes.');
    expect(project.model('m').columns[0]?.description).toBe('o');
    expect(project.sources[0]?.description).toBe('o');
    expect(project.tests[0]?.description).toBe('oOne row per *day*.');
    const { docs, nodes, sources, macros } = manifestOf(project, {
      metadata: {},
      generatedAt: new Date(0),
    }) as unknown as Record<string, Record<string, object>>;
    // as dbt 1.11 has them
    expect(nodes).toMatchObject({
      'model.p.m': { doc_blocks: ['doc.p.grain'], columns: { a: { doc_blocks: ['doc.p.other'] } } },
      [project.tests[0]?.uniqueId ?? '']: { doc_blocks: ['doc.p.other', 'doc.p.grain'] },
    });
    expect(sources).toMatchObject({ 'source.p.raw.t': { doc_blocks: ['doc.p.other'], unrendered_schema: null } });
    // white space that a `-` takes away is part of a macro
    expect(Object.values(macros ?? {})).toMatchObject([
      { macro_sql: '{% macro one() %}1{% endmacro %}' },
      { macro_sql: '\n\n{%- macro two() -%}2{%- endmacro -%}\n\n' },
      { macro_sql: '{% macro three() %}3{% endmacro %}' },
    ]);
    expect(docs).toMatchObject({
      'doc.p.grain': {
        name: 'grain',
        resource_type: 'doc',
        package_name: 'p',
        path: 'd.md',
        original_file_path: 'models/d.md',
      },
      'doc.p.other': { unique_id: 'doc.p.other', block_contents: 'o' },
    });
  });
});

describe('files', () => {
  it('of one name may be there twice, if one of them is enabled at most', () => {
    const project = projectOf({
      'dbt_project.yml': 'name: p\nmodels: {p: {old: {+enabled: false}}}\n',
      'models/old/m.sql': 'select 1',
      'models/older/m.sql': '{{ config(enabled=false) }}select 2',
      'models/new/m.sql': 'select 3',
      'models/n.sql': "select * from {{ ref('m') }}",
    });
    expect(project.models.map(({ path }) => path)).toEqual(['models/new/m.sql', 'models/n.sql']);
  });

  it('that .dbtignore names are not read', () => {
    const wrong = '{% frobnicate %}';
    const project = projectOf({
      '.dbtignore':
        '# drafts\n*.draft.sql\nmodels/wip/\n/models/a?.sql\n**/deep/x.sql\nkept*\n!kept.sql\n[tu]emp.yml\n',
      'models/m.draft.sql': wrong,
      'models/wip/deeper/m.sql': wrong,
      'models/ab.sql': wrong,
      'models/some/deep/x.sql': wrong,
      'models/temp.yml': 'models: 1',
      'macros/kept_not.sql': wrong,
      'models/kept.sql': 'select 1',
      'models/wipe.sql': 'select 1',
      'models/sub/ab.sql': 'select 1',
    });
    expect(project.models.map(({ name }) => name)).toEqual(['ab', 'kept', 'wipe']);
  });
});

describe('yml files', () => {
  it('are read below every path of the project, each once', () => {
    const project = projectOf({
      'dbt_project.yml': 'name: p\nmacro-paths: [macros, models/macros]\n',
      'seeds/s.yml': 'sources: [{name: raw, tables: [{name: a}]}]\nseeds: []\n',
      'tests/s.yml': 'sources: [{name: raw2, tables: [{name: b}]}]\n',
      'models/macros/m.yml': 'models: [{name: m, description: x}]\n',
      'models/m.sql': "select 1 from {{ source('raw', 'a') }}, {{ source('raw2', 'b') }}",
      'snapshots/s.yml': 'snapshots: [{name: then, relation: ref("m")}]\n',
    });
    expect(project.model('m').description).toBe('x');
    expect(project.sources.map(({ uniqueId }) => uniqueId)).toEqual(['source.p.raw.a', 'source.p.raw2.b']);
    expect(project.warnings).toEqual(['snapshots/s.yml:1: snapshots are not run']);
  });
});

describe('configuration', () => {
  it('goes from the project over folders and the yml file to the template', () => {
    const files = {
      'dbt_project.yml':
        'name: p\nmodels:\n  +materialized: view\n  +tags: all\n  +meta: {a: 1, b: 1}\n  p:\n    deep:\n      +materialized: table\n      +tags: [deep]\n      +meta: {b: 2, c: 2}\n',
      'models/deep/m.sql': "{{ config(tags='own', meta={'c': 3}) }}select 1",
      'models/m.yml': 'models:\n  - name: m\n    meta: {d: 4}\n    config:\n      tags: [yml]\n',
    };
    expect(config(files)).toEqual({
      materialized: 'table',
      tags: ['all', 'deep', 'yml', 'own'],
      meta: { a: 1, b: 2, c: 3, d: 4 },
    });
  });

  it('of yml files may hold Jinja', () => {
    const files = {
      'dbt_project.yml':
        'name: p\nvars: {kind: table}\nmodels:\n  p:\n    +materialized: "{{ var(\'kind\') }}"\n    +enabled: "{{ target.name == \'dev\' }}"\n',
      'models/m.sql': 'select 1',
    };
    expect(config(files)).toEqual({ materialized: 'table', enabled: true });
    expect(projectOf(files, { target: { name: 'prod', schema: 'main' } }).models).toEqual([]);
  });

  it('that is not run is a warning with the file', () => {
    const project = projectOf({
      'models/m.sql': "{{ config(sql_header='set x = 1') }}select 1",
      'models/py.py': 'def model(): pass',
      'models/m.yml': 'models:\n  - name: other\n',
      'snapshots/s.sql': '{% snapshot users_then %}select 1{% endsnapshot %}',
      'macros/m.sql': "{% materialization odd, adapter='duckdb' %}{% frobnicate %}{% endmaterialization %}",
      'dbt_project.yml': 'name: p\nfrobnicate: 1\n',
    });
    expect(project.models.map(({ name }) => name)).toEqual(['m']);
    const files = project.warnings.map((warning) => warning.split(':')[0]);
    expect(files.toSorted()).toEqual([
      'dbt_project.yml',
      'macros/m.sql',
      'models/m.sql',
      'models/m.yml',
      'models/py.py',
      'snapshots/s.sql',
    ]);
  });
});
