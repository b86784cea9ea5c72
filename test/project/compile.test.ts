import { describe, expect, it } from 'vitest';
import { bare, compile, qualified } from '../../src/project/compile.ts';
import type { LoadOptions } from '../../src/project/project-contract.ts';
import { projectOf, type Files } from './project-folder.ts';

interface Case {
  readonly name: string;
  readonly files: Files;
  readonly options?: LoadOptions;
  /** Compiled SQL of the model `m`, white space at its ends left out. */
  readonly expect: string;
  readonly bare?: string;
}

const SOURCES =
  'sources:\n  - name: raw\n    schema: landing\n    tables:\n      - name: t\n        identifier: raw_t\n';

const CASES: readonly Case[] = [
  {
    name: 'ref of one and two arguments',
    files: {
      'models/a.sql': 'select 1 as x',
      'models/m.sql': "select * from {{ ref('a') }} join {{ ref('p', 'a') }} using (x)",
    },
    expect: 'select * from "main"."a" join "main"."a" using (x)',
    bare: 'select * from a join a using (x)',
  },
  {
    name: 'source, with its identifier and schema',
    files: { 'models/s.yml': SOURCES, 'models/m.sql': "select * from {{ source('raw', 't') }}" },
    expect: 'select * from "landing"."raw_t"',
    bare: 'select * from raw_t',
  },
  {
    name: 'this, alias and a schema of its own',
    files: { 'models/m.sql': "{{ config(alias='order', schema='marts') }}select '{{ this.schema }}', '{{ this }}'" },
    expect: `select 'main_marts', '"warehouse"."main_marts"."order"'`,
    bare: `select 'main_marts', '"warehouse"."main_marts"."order"'`,
  },
  {
    name: "the project's own schema names",
    files: {
      'macros/names.sql':
        '{% macro generate_schema_name(custom_schema_name, node) %}{{ custom_schema_name or target.schema }}{% endmacro %}',
      'models/m.sql': "{{ config(schema='marts') }}select '{{ this }}'",
    },
    expect: `select '"warehouse"."marts"."m"'`,
  },
  {
    name: 'variables: of the project, of the options, with a default',
    files: {
      'dbt_project.yml': 'name: p\nvars:\n  a: 1\n  b: 2\n  p:\n    b: [3]\n',
      'models/m.sql': "select {{ var('a') }}, {{ var('b')[0] }}, {{ var('c', 'x') }}, {{ var.has_var('d') }}",
    },
    options: { vars: { a: 7 } },
    expect: 'select 7, 3, x, False',
  },
  {
    name: 'environment, target and flags',
    files: {
      'models/m.sql':
        "{{ env_var('A') }} {{ env_var('B', 'b') }} {{ target.name }} {{ target.schema }} {{ is_incremental() }} {{ execute }}",
    },
    options: { env: { A: 'a' }, target: { name: 'prod', schema: 'live' } },
    expect: 'a b prod live False True',
  },
  {
    name: 'macros that call each other across files, and the name of the project before them',
    files: {
      'macros/a.sql': '{% set unit = 100 %}{% macro cents(x) -%} {{ times(x, factor=unit) }} {%- endmacro %}',
      'macros/deep/b.sql': '{% macro times(x, factor=1) -%} {{ x }} * {{ factor }} {%- endmacro %}',
      'models/m.sql': "select {{ cents('price') }}, {{ p.times('n') }}",
    },
    expect: 'select price * 100, n * 1',
  },
  {
    name: 'adapter.dispatch prefers duckdb',
    files: {
      'macros/a.sql':
        "{% macro day(x) %}{{ return(adapter.dispatch('day')(x)) }}{% endmacro %}{% macro default__day(x) %}date({{ x }}){% endmacro %}{% macro duckdb__day(x) %}{{ x }}::date{% endmacro %}",
      'models/m.sql': "select {{ day('at') }}",
    },
    expect: 'select at::date',
  },
  {
    name: "dbt's types and a few of its macros",
    files: {
      'models/m.sql':
        "{{ dbt.type_string() }} {{ type_timestamp() }} {{ dbt.concat(['a', 'b']) }} {{ dbt.date_trunc('day', 'x') }}",
    },
    expect: "TEXT timestamp a || b date_trunc('day', x)",
  },
  {
    name: "dbt's macros of texts, lists and dates",
    files: {
      'models/m.sql':
        "{{ dbt.split_part('a', \"'-'\", 2) }} {{ dbt.listagg('a', \"', '\", 'order by a') }} {{ listagg('a', limit_num=2) }} {{ dbt.last_day('d', 'month') }} {{ dbt.date(2026, 5, 1) }} {{ dbt.except() }} {{ dbt.array_construct(['1', '2']) }} {{ dbt.replace('a', \"'x'\", \"'y'\") }}",
    },
    expect:
      "string_split(a, '-')[ 2 ] string_agg(a, ', ' order by a) list_aggr((array_agg(a ))[1:2], 'string_agg', ',') cast(((date_trunc('month', d) + cast(1 as bigint) * interval 1 month) + cast(-1 as bigint) * interval 1 day) as date) make_date(2026, 5, 1) except array[ 1 , 2 ] replace(a, 'x', 'y')",
  },
  {
    name: 'more macros of dbt, as dbt-duckdb has them',
    files: {
      'models/m.sql':
        "{{ dateadd('day', 3, 'd') }} {{ dbt.dateadd('QUARTER', 'n', 'd') }} {{ datediff('a', 'b', 'month') }} {{ current_timestamp() }} {{ safe_cast('x', type_int()) }}",
    },
    expect:
      "(d + cast(3 as bigint) * interval 1 day) (d + (cast(n as bigint) * 3) * interval 1 month) (date_diff('month', a::timestamp, b::timestamp)) now() cast(x as integer)",
  },
  {
    name: 'context, builtins, target and arguments of the command as dicts, too',
    files: {
      'macros/a.sql':
        '{% macro get_day(x) %}day({{ x }}){% endmacro %}{% macro ref(name) %}{{ builtins.ref(name) }} r{% endmacro %}',
      'models/a.sql': 'select 1 as x',
      'models/m.sql':
        "{{ context['get_' ~ 'day']('d') }} {{ context.get('nope') }} {{ context.get('nope', 1) }} {{ context.project_name }} {{ ref('a') }} {{ builtins.var('v', 2) }} " +
        "{{ target.get('warehouse') }} {{ target.get('type') }} {{ 'schema' in target }} {{ invocation_args_dict.get('which') }} {{ invocation_args_dict.full_refresh }} {{ dbt_metadata_envs }}",
    },
    expect: 'day(d) None 1 p "main"."a" r 2 None duckdb True run False {}',
  },
  {
    name: 'a header of its SQL, and what config.set sets',
    files: {
      'models/m.sql':
        "{% call set_sql_header(config) %}set x = 1;{% endcall %}{% do config.set('tags', ['a']) %}select '{{ config.get('sql_header') }}', {{ config.get('tags') }}",
    },
    expect: "select 'set x = 1;', ['a']",
  },
  {
    name: "nodes of the graph, and the model itself, with dbt's values where nothing is said",
    files: {
      'models/s.yml': SOURCES.replace('schema: landing', 'schema: landing\n    loaded_at_field: at'),
      'models/a.sql': "{{ config(alias='b', post_hook='select 1') }}select * from {{ source('raw', 't') }}",
      'models/m.sql':
        "-- depends_on: {{ ref('a') }}\n{% if execute %}{% set n = graph.nodes['model.p.a'] %}{{ n.relation_name }} {{ n.access }} {{ n.refs }} {{ n.sources }} {{ n.config.on_schema_change }} {{ n.config['post-hook'][0].sql }} {{ n.config.unique_key }}\n" +
        "{{ graph.nodes['model.p.m'].refs }}{% for s in graph.sources.values() %} {{ s.relation_name }} {{ s.loaded_at_field }} {{ s.config.enabled }}{% endfor %}\n{% endif %}" +
        "{{ model.schema }} {{ model.alias }} {{ model.config.full_refresh }}{{ ' ' ~ model.relation_name if execute }}",
    },
    expect: `-- depends_on: "warehouse"."main"."b"
"main"."b" protected [] [['raw', 't']] ignore select 1 None
[{'name': 'a', 'package': None, 'version': None}] "landing"."raw_t" at True
main m None "main"."m"`,
  },
  {
    name: 'columns that a template makes',
    files: {
      'models/m.sql':
        "{% set c = api.Column('x', 'varchar') %}{{ c.name }} {{ c.data_type }} {{ c.quoted }} {{ c.numeric_scale }} {{ c }}\n" +
        "{{ api.Column('y', 'character varying', char_size=10).data_type }} {{ api.Column('z', 'decimal', none, 9, 2).data_type }} {{ api.Column.create('n', 'string').dtype }} {{ api.Column.numeric_type('numeric', 10, 2) }} {{ c.string_type(5) }}",
    },
    expect: `x character varying(256) "x" None DuckDBColumn(column='x', dtype='varchar', char_size=None, numeric_precision=None, numeric_scale=None, fields=[])
character varying(10) decimal(9,2) TEXT numeric(10,2) character varying(5)`,
  },
  {
    name: 'relations without quotes and with another path',
    files: {
      'models/a.sql': 'select 1 as x',
      'models/m.sql':
        "{% set r = ref('a') %}{{ r.quote(database=false, schema=false, identifier=false) }} {{ r.quote(identifier=false).include(database=false) }} {{ r.replace_path(identifier='b') }} {{ r.replace_path(schema='s').schema }} {{ r.is_materialized_view }}",
    },
    expect: '"main"."a" "main".a "main"."b" s False',
  },
  {
    name: "dbt's series, and what they ask",
    files: {
      'models/m.sql':
        "{{ dbt.generate_series(4) }} {{ dbt.get_powers_of_two(9) }} {{ dbt.equals('a', 'b') }} {{ dbt.snapshot_get_time() }} {{ adapter.quote_as_configured('q', 'identifier') }} {{ adapter.quote_seed_column('q', false) }}",
    },
    expect: `select
        generate_series as generated_number
    from generate_series(1, 4)
 4 (a = b) now()::timestamp "q" q`,
  },
  {
    name: 'parts of a relation',
    files: {
      'models/a.sql': "{{ config(schema='x') }}select 1",
      'models/m.sql':
        "{{ ref('a').include(database=false) }} {{ ref('a').include(schema=false) }} {{ this.include(identifier=false) }} {{ target.database }} {{ this.database }} {{ model.database }} {{ ref('a').include(schema=false).database }}",
    },
    expect: '"main_x"."a" "a" "main" warehouse warehouse warehouse warehouse',
    bare: 'a "a" "main" warehouse warehouse warehouse warehouse',
  },
  {
    name: 'relations in texts and comments as dbt has them, in SQL without the database',
    files: {
      'models/a.sql': 'select 1 as "main"',
      'models/m.sql':
        "select '{{ ref('a') }}', $${{ ref('a') }}$$, {{ ref('a') }}.\"main\", e'\\'{{ this }}' /* {{ this }} */ from {{ ref('a') }} -- {{ ref('a') }}\n" +
        "join {{ api.Relation.create(schema='main', identifier='a') }} join {{ target.database }}.main.a join {{ database }}.information_schema.tables\n" +
        "join {{ api.Relation.create(database=target.database, schema='x', identifier='y') }} join t as warehouse on warehouse.x.y",
    },
    expect: `select '"warehouse"."main"."a"', $$"warehouse"."main"."a"$$, "main"."a"."main", e'\\'"warehouse"."main"."m"' /* "warehouse"."main"."m" */ from "main"."a" -- "warehouse"."main"."a"
join "main"."a" join "main"."a" join information_schema.tables
join "x"."y" join t as warehouse on warehouse.x.y`,
    bare: `select '"warehouse"."main"."a"', $$"warehouse"."main"."a"$$, a."main", e'\\'"warehouse"."main"."m"' /* "warehouse"."main"."m" */ from a -- "warehouse"."main"."a"
join a join a join information_schema.tables
join "x"."y" join t as warehouse on warehouse.x.y`,
  },
  {
    name: 'config of the yml file read in the template',
    files: {
      'models/m.sql':
        "{{ config(materialized='table') }}{{ config.get('grain', 'none') }} {{ config.get('materialized') }} {{ model.name }}",
      'models/m.yml': 'models:\n  - name: m\n    config: { grain: day, materialized: view }\n',
    },
    expect: 'day table m',
  },
  {
    name: 'an ephemeral model, in front of the own with',
    files: {
      'models/e1.sql': "{{ config(materialized='ephemeral') }}select 1 as x",
      'models/e2.sql': "{{ config(materialized='ephemeral') }}select * from {{ ref('e1') }}",
      'models/m.sql': "-- with a comment\nwith t as (select * from {{ ref('e2') }}) select * from t",
    },
    expect:
      '-- with a comment\nwith __dbt__cte__e1 as (\nselect 1 as x\n),\n__dbt__cte__e2 as (\nselect * from __dbt__cte__e1\n), t as (select * from __dbt__cte__e2) select * from t',
  },
  {
    name: 'an ephemeral model, where there is no with',
    files: {
      'models/e.sql': "{{ config(materialized='ephemeral') }}select 1 as x",
      'models/m.sql': "select * from {{ ref('e') }}",
    },
    expect: 'with __dbt__cte__e as (\nselect 1 as x\n)\nselect * from __dbt__cte__e',
  },
];

describe('compiled models', () => {
  it.each(CASES)('$name', ({ files, options, expect: sql, bare: bareSql }) => {
    const project = projectOf(files, { env: {}, ...options });
    expect(compile(project, project.model('m'), qualified).trim()).toBe(sql);
    if (bareSql !== undefined) expect(compile(project, project.model('m'), bare).trim()).toBe(bareSql);
  });
});
