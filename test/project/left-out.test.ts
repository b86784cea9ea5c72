import { describe, expect, it } from 'vitest';
import { projectOf, type Files } from './project-folder.ts';

/** A chain that reads `left`, a model beside it, and tests of both. */
const AROUND: Files = {
  'models/reads.sql': "select * from {{ ref('left') }}",
  'models/further.sql': "select * from {{ ref('reads') }} join {{ ref('beside') }} using (a)",
  'models/beside.sql': 'select 1 as a',
  'models/t.yml': `models:
- {name: further, columns: [{name: a, data_tests: [unique]}]}
- name: beside
  columns:
  - name: a
    data_tests:
    - unique
    - relationships: {arguments: {to: ref('further'), field: a}}
`,
  'tests/t.sql': "select * from {{ ref('further') }}",
};

describe('what is not run', () => {
  it.each<[string, Files, RegExp]>([
    ['a Python model', { 'models/left.py': 'def model(): pass' }, /^models\/left.py is one of the Python models/],
    [
      'a snapshot',
      { 'snapshots/s.sql': '{% snapshot left %}select 1{% endsnapshot %}' },
      /^snapshots\/s.sql is one of/,
    ],
    [
      'a snapshot of a yml file',
      { 'snapshots/s.yml': 'snapshots:\n- {name: left, relation: ref("beside")}\n' },
      /^snapshots\/s.yml:2 is one of/,
    ],
    ['an empty file', { 'models/left.sql': ' \n' }, /^models\/left.sql: the file is empty/],
    [
      'the time of the run',
      { 'models/left.sql': "select '{{ run_started_at.strftime('%Y') }}' as a" },
      /^models\/left.sql: its text follows from run_started_at, which is other at each run/,
    ],
    ['a macro of dbt that is not here', { 'models/left.sql': 'select {{ dbt.hex(1) }}' }, /:1: hex of dbt is not/],
    [
      'a materialization that is not run',
      { 'models/left.sql': "{{ config(materialized='table_function') }}select 1 as a" },
      /^models\/left.sql: the materialization table_function is not run/,
    ],
    [
      'a materialization of its own',
      {
        'models/left.sql': "{{ config(materialized='odd') }}select 1 as a",
        'macros/m.sql': "{% materialization odd, adapter='duckdb' %}{% endmaterialization %}",
      },
      /^models\/left.sql: the materialization odd is not run/,
    ],
    [
      'a source in a file',
      {
        'models/s.yml':
          'sources:\n- name: raw\n  meta: {external_location: "x/{name}.parquet"}\n  tables: [{name: t}]\n',
        'models/left.sql': "select * from {{ source('raw', 't') }}",
      },
      /^models\/s.yml:4 has external_location, and sources are read from topics/,
    ],
  ])('%s leaves out only what depends on it', (_, files, why) => {
    const project = projectOf({ ...AROUND, ...files });
    expect(project.models.map(({ name }) => name)).toEqual(['beside']);
    expect(project.tests.map(({ name }) => name)).toEqual(['unique_beside_a']);
    const text = project.warnings.join('\n');
    expect(text).toMatch(new RegExp(why.source.replace('^', ''), 'm'));
    expect(text).toMatch(/^models\/reads.sql: the model reads is left out, since it reads left: /m);
    expect(text).toMatch(/^models\/further.sql: the model further is left out, since it reads reads: /m);
    expect(text).toMatch(/^tests\/t.sql: the data test t is left out: models\/further.sql is left out/m);
    expect(text).toMatch(
      /^models\/t.yml:8: the data test relationships\w+ is left out: models\/further.sql is left out/m,
    );
  });

  it('a source in a file is read from the topic that feeds its table', () => {
    const files = {
      'models/s.yml': `sources:
- name: raw
  config: {meta: {external_location: "x/{name}.parquet"}}
  tables: [{name: t, identifier: raw_t}, {name: u}]
`,
      'models/m.sql': "select * from {{ source('raw', 't') }}",
      'models/n.sql': "select * from {{ source('raw', 'u') }}",
    };
    const project = projectOf(files, { isFed: (table) => table === 'raw_t' });
    expect(project.model('m').dependsOn.sourceNames).toEqual(['raw.t']);
    expect(project.models.map(({ name }) => name)).toEqual(['m']);
    expect(project.warnings).toEqual([
      expect.stringMatching(/^models\/n.sql: .* reads raw.u: .* external_location, .*: none feeds u$/),
    ]);
  });

  it("dbt-duckdb's external is a table, which leaves out nothing", () => {
    const files = {
      'models/left.sql': "{{ config(materialized='external', location='s3://b/k.parquet') }}select 1 as a",
    };
    const project = projectOf({ ...AROUND, ...files });
    expect(project.models.map(({ name }) => name)).toEqual(['beside', 'left', 'reads', 'further']);
    expect(project.model('left').materialized).toBe('external');
    expect(project.warnings).toEqual([
      'models/left.sql: the materialization external is kept as a table: no file is written, and its location is not used',
    ]);
  });

  it('does not hide a name that is wrong', () => {
    expect(() => projectOf({ ...AROUND })).toThrow('there is no model left');
    expect(() => projectOf({ 'models/m.sql': "{{ config(materialized='tabel') }}select 1" })).toThrow('"tabel"');
  });
});
