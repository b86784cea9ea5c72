import { describe, expect, it } from 'vitest';
import { loadProject } from '../../src/project/load-project.ts';
import { failureOf, projectFolder, projectOf, type Files } from './project-folder.ts';

interface Case {
  readonly name: string;
  readonly files: Files;
  readonly code: string;
  readonly place: string;
  readonly message: RegExp;
  readonly hint?: RegExp;
}

/** A custom schema is the schema. */
const SCHEMA_ALONE = {
  'macros/schemas.sql':
    '{% macro generate_schema_name(custom_schema_name, node) %}{{ custom_schema_name or target.schema }}{% endmacro %}',
};

const CASES: readonly Case[] = [
  {
    name: 'YAML that cannot be read',
    files: { 'models/m.yml': 'models:\n  - name: a\n   bad: x\n' },
    code: 'PROJECT_INVALID',
    place: 'models/m.yml:3',
    message: /YAML cannot be read: (?!.*at line)/,
  },
  {
    name: 'a project without a name',
    files: { 'dbt_project.yml': 'version: 1\n' },
    code: 'PROJECT_INVALID',
    place: 'dbt_project.yml',
    message: /name is missing/,
  },
  {
    name: 'a list where a map should be',
    files: { 'models/m.yml': 'models:\n  - name: a\n    columns:\n      x: 1\n' },
    code: 'PROJECT_INVALID',
    place: 'models/m.yml:3',
    message: /must be a list/,
  },
  {
    name: "a schema called as the warehouse's database",
    files: {
      'models/a.sql': 'select 1',
      'models/m.sql': "{{ config(schema='Warehouse') }}{{ ref('a') }}",
      ...SCHEMA_ALONE,
    },
    code: 'PROJECT_INVALID',
    place: 'models/m.sql',
    message: /model m cannot be in schema Warehouse: the database is called so/,
    hint: /generate_schema_name/,
  },
  {
    name: 'a seed among the system tables',
    files: {
      'models/a.sql': '{{ config(materialized="ephemeral", schema="lens") }}select 1',
      'seeds/s.csv': 'a\n1\n',
      'seeds/s.yml': 'seeds: [{name: s, config: {schema: lens}}]\n',
      ...SCHEMA_ALONE,
    },
    code: 'PROJECT_INVALID',
    place: 'seeds/s.csv',
    message: /seed s cannot be in schema lens: it holds the system tables/,
  },
  {
    name: 'a source in a schema that is a database of DuckDB',
    files: {
      'models/s.yml': 'sources:\n- name: temp\n  tables: [{name: unread}]\n- name: System\n  tables: [{name: t}]\n',
      'models/m.sql': "{{ source('System', 't') }}",
    },
    code: 'PROJECT_INVALID',
    place: 'models/s.yml:5',
    message: /source System.t cannot be in schema System: a database of DuckDB is called so/,
  },
  {
    name: 'a misspelt ref',
    files: { 'models/stg_users.sql': 'select 1', 'models/m.sql': "select 1\nfrom {{ ref('stg_user') }}" },
    code: 'MODEL_UNKNOWN_REF',
    place: 'models/m.sql:2',
    message: /no model stg_user/,
    hint: /did you mean stg_users/,
  },
  {
    name: 'a misspelt source',
    files: {
      'models/s.yml': 'sources:\n  - name: raw\n    tables: [{name: users}]\n',
      'models/m.sql': "{{ source('raw', 'user') }}",
    },
    code: 'MODEL_UNKNOWN_REF',
    place: 'models/m.sql:1',
    message: /no source table raw.user/,
    hint: /source\('raw', 'users'\)/,
  },
  {
    name: 'a ref of a model that is not enabled',
    files: { 'models/a.sql': '{{ config(enabled=false) }}select 1', 'models/m.sql': "{{ ref('a') }}" },
    code: 'MODEL_UNKNOWN_REF',
    place: 'models/m.sql',
    message: /models\/a.sql is not enabled/,
  },
  {
    name: 'a source table that is not enabled',
    files: {
      'models/s.yml': 'sources:\n  - name: raw\n    tables: [{name: t, config: {enabled: no}}]\n',
      'models/m.sql': "select 1\nfrom {{ source('raw', 't') }}",
    },
    code: 'MODEL_UNKNOWN_REF',
    place: 'models/m.sql:2',
    message: /raw\.t is not enabled \(models\/s\.yml:3\)/,
  },
  {
    name: 'a docs block that is not there',
    files: {
      'models/d.md': '{% docs grain %}x{% enddocs %}',
      'models/m.sql': 'select 1',
      'models/m.yml': 'models:\n- name: m\n  description: "{{ doc(\'gran\') }}"\n',
    },
    code: 'MODEL_RENDER_FAILED',
    place: 'models/m.yml:3',
    message: /no docs block gran/,
    hint: /did you mean grain/,
  },
  {
    name: 'a cycle',
    files: { 'models/a.sql': "{{ ref('c') }}", 'models/b.sql': "{{ ref('a') }}", 'models/c.sql': "{{ ref('b') }}" },
    code: 'MODEL_CYCLE',
    place: 'models/a.sql',
    message: /a -> c -> b -> a$/,
  },
  {
    name: 'two models of one name',
    files: { 'models/x/m.sql': 'select 1', 'models/y/m.sql': 'select 1' },
    code: 'PROJECT_INVALID',
    place: 'models/y/m.sql',
    message: /models\/x\/m.sql and models\/y\/m.sql/,
  },
  {
    name: 'two models in one relation',
    files: { 'models/a.sql': "{{ config(alias='m') }}select 1", 'models/m.sql': 'select 1' },
    code: 'PROJECT_INVALID',
    place: 'models/m.sql',
    message: /main\.m is there twice/,
  },
  {
    name: 'two macros of one name',
    files: { 'macros/a.sql': '{% macro f() %}{% endmacro %}', 'macros/b.sql': '{% macro f() %}{% endmacro %}' },
    code: 'PROJECT_INVALID',
    place: 'macros/b.sql',
    message: /macro f is defined twice/,
  },
  {
    name: 'an unknown materialization',
    files: { 'models/m.sql': "{{ config(materialized='tabel') }}select 1" },
    code: 'PROJECT_INVALID',
    place: 'models/m.sql',
    message: /"tabel"/,
    hint: /view, table/,
  },
  {
    name: 'a name that is not there',
    files: { 'models/m.sql': 'select\n  1,\n  {{ grian.size }}\n' },
    code: 'MODEL_RENDER_FAILED',
    place: 'models/m.sql:3',
    message: /'grian' is undefined/,
  },
  {
    name: 'a failure inside a macro',
    files: { 'macros/f.sql': '\n{% macro f() %}\n{{ 1 / 0 }}\n{% endmacro %}', 'models/m.sql': 'select\n{{ f() }}' },
    code: 'MODEL_RENDER_FAILED',
    place: 'models/m.sql:2',
    message: /division by zero \(in macro f, macros\/f.sql:3\)/,
  },
  {
    name: 'a bracket that is not closed',
    files: { 'models/m.sql': "select\n{{ ref('m' }}" },
    code: 'MODEL_RENDER_FAILED',
    place: 'models/m.sql:2',
    message: /^the template cannot be read: unexpected }}$/,
  },
  {
    name: 'a template that is not Jinja',
    files: { 'models/m.sql': 'select 1\n{% if x %}\n{% endfor %}\n' },
    code: 'MODEL_RENDER_FAILED',
    place: 'models/m.sql:3',
    message: /endfor/,
  },
  {
    name: 'a macro of a package',
    files: { 'models/m.sql': "select {{ dbt_utils.generate_surrogate_key(['a']) }}" },
    code: 'MODEL_RENDER_FAILED',
    place: 'models/m.sql:1',
    message: /'dbt_utils' is undefined/,
    hint: /run dbt deps, or copy generate_surrogate_key into macros/,
  },
  {
    name: 'a macro that is not there',
    files: { 'models/m.sql': "select {{ surrogate_key(['a']) }}" },
    code: 'MODEL_RENDER_FAILED',
    place: 'models/m.sql:1',
    message: /'surrogate_key' is undefined/,
    hint: /define it in macros/,
  },
  {
    name: 'a variable that is not set',
    files: { 'dbt_project.yml': 'name: p\nvars: {start_date: x}\n', 'models/m.sql': "{{ var('start_dat') }}" },
    code: 'MODEL_RENDER_FAILED',
    place: 'models/m.sql:1',
    message: /start_dat is not set/,
    hint: /start_date/,
  },
  {
    name: 'a misspelt data test',
    files: {
      'models/m.sql': 'select 1',
      'models/m.yml': 'models:\n  - name: m\n    columns:\n      - name: a\n        data_tests: [uniqe]\n',
    },
    code: 'PROJECT_INVALID',
    place: 'models/m.yml:5',
    message: /no data test uniqe/,
    hint: /did you mean unique/,
  },
  {
    name: 'a data test of an unknown model',
    files: { 'models/m.sql': 'select 1', 'tests/t.sql': "\nselect * from {{ ref('n') }}" },
    code: 'MODEL_UNKNOWN_REF',
    place: 'tests/t.sql:2',
    message: /no model n/,
  },
];

describe('what is wrong in a project', () => {
  it.each(CASES)('$name', ({ files, code, place, message, hint }) => {
    const failure = failureOf(() => projectOf(files));
    expect(failure).toMatchObject({ code, place });
    expect(failure.message).toMatch(message);
    if (hint !== undefined) expect(failure.hint).toMatch(hint);
  });

  it('a folder that is no project', () => {
    const failure = failureOf(() => loadProject(`${projectFolder({})}/models`));
    expect(failure.code).toBe('PROJECT_NOT_FOUND');
    expect(failure.hint).toContain('--project-dir');
  });
});
