import { describe, expect, it } from 'vitest';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { RowsQuery } from '../../src/maintenance/answer-question.ts';
import { planModels, planRefusals } from '../../src/maintenance/plan-models.ts';
import { answeredAnew, settleProject } from '../../src/maintenance/settle-project.ts';
import { bare, compile, qualified } from '../../src/project/compile.ts';
import { loadProject } from '../../src/project/load-project.ts';
import type { Project } from '../../src/project/project-contract.ts';
import { failureOf, projectFolder, projectOf, type Files } from '../project/project-folder.ts';

/** As packages have them: the columns of a relation, and of several put one below the other. */
const MACROS: Files = {
  'dbt_packages/kit/dbt_project.yml': 'name: kit\n',
  'dbt_packages/kit/macros/star.sql': `
{% macro star(from, except=[]) -%}{{ return(adapter.dispatch('star', 'kit')(from, except)) }}{%- endmacro %}
{% macro default__star(from, except) -%}
    {%- if not (from is mapping and from.get('metadata', {}).get('type', '').endswith('Relation')) -%}
        {%- do exceptions.raise_compiler_error('star() needs a relation') -%}
    {%- endif -%}
    {%- if from.is_cte -%}{%- do exceptions.raise_compiler_error('star() of an ephemeral model') -%}{%- endif -%}
    {%- if not execute -%}{{ return('*') }}{%- endif -%}
    {%- for col in adapter.get_columns_in_relation(from) if col.column not in except -%}
        {{ col.quoted }}{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
{% macro union(relations) -%}
    {%- set types = {} -%}
    {%- for relation in relations -%}
        {%- for col in adapter.get_columns_in_relation(relation) -%}
            {%- if col.name in types -%}{%- continue -%}{%- endif -%}
            {%- do types.update({col.name: col.data_type}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for relation in relations -%}
        {%- set have = adapter.get_columns_in_relation(relation) | map(attribute='name') | list -%}
        select {% for name, type in types.items() -%}
            cast({{ adapter.quote(name) if name in have else 'null' }} as {{ type }}) as {{ adapter.quote(name) }}{{ ', ' if not loop.last }}
        {%- endfor %} from {{ relation }}{{ ' union all ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
{% macro spine(start, end) -%}
    {%- call statement('days', fetch_result=True) -%}select {{ datediff(start, end, 'day') }}{%- endcall -%}
    {%- set days = load_result('days') -%}
    {%- if days and days['data'] -%}select * from range({{ days['data'][0][0] }}){%- else -%}select 1{%- endif -%}
{%- endmacro %}
{% test same_columns(model, as) %}select {{ kit.star(model) }} from {{ model }} except select {{ kit.star(as) }} from {{ as }}{% endtest %}`,
  'models/s.yml': 'sources: [{name: raw, tables: [{name: t}]}]',
  'models/stg.sql': "select id, kind, 1.5 as n from {{ source('raw', 't') }}",
};

const RAW = [
  {
    name: 't',
    schema: 'raw',
    identifier: 't',
    columns: [
      { name: 'id', type: 'BIGINT' },
      { name: 'kind', type: 'VARCHAR' },
    ],
    key: null,
  },
];

function settled(files: Files): Promise<Project> {
  const dir = projectFolder({ ...MACROS, ...files });
  return settleProject(loadProject(dir), () => RAW);
}

const sqlOf = async (files: Files, naming = qualified): Promise<string> => {
  const project = await settled(files);
  expect(project.warnings).toEqual([]);
  return compile(project, project.model('m'), naming);
};

describe('a model that asks for', () => {
  it('columns has those of what it reads, with any names of relations', async () => {
    const files = { 'models/m.sql': "select {{ kit.star(ref('stg'), except=['kind']) }} from {{ ref('stg') }}" };
    expect(await sqlOf(files)).toBe('select "id", "n" from "main"."stg"');
    expect(await sqlOf(files, bare)).toBe('select "id", "n" from stg');
    const source = { 'models/m.sql': "select {{ kit.star(source('raw', 't')) }} from {{ source('raw', 't') }}" };
    expect(await sqlOf(source, bare)).toBe('select "id", "kind" from t');
  });

  it('columns of relations of one name in two schemas has those of each', async () => {
    const files = {
      'models/other.sql': "{{ config(schema='other', alias='stg') }}select 1 as another",
      'models/m.sql':
        "select {{ kit.star(ref('stg')) }}, {{ kit.star(ref('other')) }} from {{ ref('stg') }}, {{ ref('other') }}",
    };
    expect(await sqlOf(files)).toMatch(/^select "id", "kind", "n", "another" from "main"."stg", "\w*other"."stg"$/);
  });

  it('columns of a model that asks itself has them in turn', async () => {
    const files = {
      'models/a.sql': "select {{ kit.star(ref('stg'), except=['id']) }} from {{ ref('stg') }}",
      'models/b.sql': "select {{ kit.star(ref('a')) }}, 1 as z from {{ ref('a') }}",
      'models/m.sql': "{{ kit.union([ref('b'), ref('stg')]) }}",
    };
    expect(await sqlOf(files)).toBe(
      'select cast("kind" as character varying(256)) as "kind", cast("n" as DECIMAL(2,1)) as "n", cast("z" as INTEGER) as "z", cast(null as BIGINT) as "id" from "main"."b" union all select cast("kind" as character varying(256)) as "kind", cast("n" as DECIMAL(2,1)) as "n", cast(null as INTEGER) as "z", cast("id" as BIGINT) as "id" from "main"."stg"',
    );
  });

  it('the result of a query that reads no table has it', async () => {
    expect(await sqlOf({ 'models/m.sql': `{{ kit.spine("'2020-01-01'", "'2020-01-05'") }}` })).toBe(
      'select * from range(4)',
    );
    const table = `{% set t = run_query("select 1 as a, 'x' as b, 2.50 as c, null as d") %}{% if execute %}
{%- for row in t %}{{ row.a }} {{ row['b'] }} {{ row[2] }} {{ row.values() }}{% endfor %} {{ t.columns.keys() }} {{ t.columns[0].values() }} {{ t.columns['b'].values() }} {{ t.rows | length }} {{ t.columns[0].name }}
{%- endif %}`;
    expect(await sqlOf({ 'models/m.sql': table })).toBe(
      "1 x 2.50 (1, 'x', '2.50', None) ('a', 'b', 'c', 'd') (1,) ('x',) 1 a",
    );
  });

  it('kinds of columns has those that dbt tells', async () => {
    const kinds = ['is_number', 'is_numeric', 'is_integer', 'is_string', 'is_float'];
    const sql = `{% for c in adapter.get_columns_in_relation(ref('typed')) %}{{ c.name }} {{ c.dtype }} {{ c.data_type }} ${kinds.map((kind) => `{{ c.${kind}() }}`).join(' ')}; {% endfor %}`;
    const files = {
      'models/typed.sql': "select 1::bigint as i, 'x' as s, 1.5::decimal(9,2) as d",
      'models/m.sql': sql,
    };
    // as dbt-duckdb 1.11.1 renders it
    expect(await sqlOf({ ...files, 'models/m.sql': `${sql}-- {{ ref('typed') }}` })).toBe(
      'i BIGINT BIGINT True False True False False; s VARCHAR character varying(256) False False False True False; d DECIMAL(9,2) DECIMAL(9,2) False False False False False; -- "warehouse"."main"."typed"',
    );
  });

  it('regular expressions has those of Python', async () => {
    const sql = `{{ modules.re.sub('[ -]+', '_', 'a -b c') }} {{ modules.re.sub('(a)(b)', '\\\\2$\\\\1', 'ab') }} {{ modules.re.match('b', 'ab') }} {{ modules.re.search('(b)', 'ab').group(1) }} {{ modules.re.findall('[a-c]', 'xaby') }} {{ modules.re.sub('x', '', 'xxx', 2) }}`;
    expect(await sqlOf({ 'models/m.sql': sql })).toBe("a_b_c b$a None b ['a', 'b'] x");
  });

  it('relations of the project finds them, and no others', async () => {
    const sql = `select {% if execute %}{% set r = adapter.get_relation(none, 'main', 'stg') %}{{ r }} {{ r.type }} {{ load_relation(ref('stg')) is not none }} {{ adapter.get_relation(none, 'main', 'gone') is none }}{% endif %} -- depends_on: {{ ref('stg') }}`;
    expect(await sqlOf({ 'models/m.sql': sql })).toBe(
      'select "main"."stg" view True True -- depends_on: "warehouse"."main"."stg"',
    );
  });

  it.each([
    ['the time', "\n{% set v = run_query('select now()') %}select 1", /^models\/m\.sql:2: .*calls now\(\)/],
    ['what fails', "{% set v = run_query('select 1 / nothing') %}select 1", /a query of its template fails: .*nothing/],
    ['what is no SELECT', "{% set v = run_query('drop table x') %}select 1", /is not one SELECT/],
    [
      'columns of what is not there',
      "{% set v = adapter.get_columns_in_relation(api.Relation.create(schema='x', identifier='y')) %}select 1",
      /columns of "x"\."y" are not known/,
    ],
  ])('%s is left out with what reads it, and nothing else', async (_, sql, why) => {
    const project = await settled({ 'models/m.sql': sql, 'models/after.sql': "select * from {{ ref('m') }}" });
    expect(project.models.map(({ name }) => name)).toEqual(['stg']);
    expect(project.warnings[0]).toMatch(why);
    expect(project.warnings[0]).toMatch(/so the model m is left out$/);
    expect(project.warnings[1]).toMatch(/^models\/after\.sql: the model after is left out, since it reads m/);
  });

  it.each([
    [
      'rows and the time',
      "{% set v = run_query('select now() from ' ~ source('raw', 't')) %}select 1",
      /^models\/m\.sql:1: .*calls now\(\)/,
    ],
    [
      'rows of what is not of the project',
      "{% set v = run_query('select 1 from lens.models') %}select 1",
      /fails: .*lens/,
    ],
    ['rows of itself', "{% set v = run_query('select 1 from ' ~ this) %}select 1", /follows from a model whose SQL/],
    [
      'the catalog and the time',
      "{% set v = run_query('select now() from information_schema.tables') %}select 1",
      /calls now\(\)/,
    ],
    [
      'the catalog with rows',
      "{% set v = run_query('select 1 from information_schema.tables, ' ~ source('raw', 't')) %}select 1",
      /information_schema/,
    ],
  ])('%s is left out', async (_, sql, why) => {
    const project = await settled({ 'models/m.sql': sql });
    expect(project.models.map(({ name }) => name)).toEqual(['stg']);
    expect(project.warnings[0]).toMatch(why);
  });

  it('the catalog has the relations of the project, but for those that follow from the answer', async () => {
    const tables = (what: string): string =>
      `{% set t = run_query("select ${what} from " ~ target.database ~ ".information_schema.tables where table_catalog = '" ~ target.database ~ "'") %}`;
    const project = await settled({
      'models/m.sql': `${tables('table_name, table_type')}select '{% for row in t or [] %}{{ row[0] }} {{ row.table_type }}, {% endfor %}'`,
      'models/after.sql': "select * from {{ ref('m') }}",
      'models/part.sql': "{{ config(materialized='ephemeral') }}select 1 as one",
      'models/built.sql':
        "{{ config(materialized='table', schema='x') }}select {{ kit.star(ref('stg')) }} from {{ ref('stg') }}",
      'models/columns.sql':
        "{% set c = adapter.get_columns_in_relation(ref('m')) %}select {{ c | length }} as n from {{ ref('m') }}",
      'models/wide.sql': `{% set t = run_query("select column_name from duckdb_columns() where table_name = 'built'") %}select '{{ t.columns[0].values() | join if execute }}'`,
    });
    expect(project.warnings).toEqual([]);
    const compiled = (name: string): string => compile(project, project.model(name), qualified);
    expect(compiled('m')).toBe("select 'built BASE TABLE, stg VIEW, t BASE TABLE, '");
    expect(compiled('wide')).toBe("select 'idkindn'");
    expect(compiled('columns')).toBe('select 1 as n from "main"."m"');
  });

  it('columns in a circle is left out', async () => {
    const asks = (of: string): string =>
      `{% set c = adapter.get_columns_in_relation(api.Relation.create(schema='main', identifier='${of}')) %}select 1`;
    const project = await settled({ 'models/m.sql': asks('n'), 'models/n.sql': asks('m') });
    expect(project.models.map(({ name }) => name)).toEqual(['stg']);
  });
});

const PIVOT = `{% set kinds = run_query('select kind from ' ~ ref('stg') ~ ' group by kind order by count(*) desc') %}
select id{% if execute %}{% for row in kinds %}, kind = '{{ row[0] }}' as is_{{ row[0] }}{% endfor %}{% endif %} from {{ ref('stg') }}`;

describe('a model that asks for rows', () => {
  /** What is asked, and nothing of it is there. */
  async function rowsFor(files: Files, answers: Readonly<Record<string, unknown[][]>>) {
    const asked: RowsQuery[] = [];
    const project = await settleProject(
      loadProject(projectFolder({ ...MACROS, ...files })),
      () => RAW,
      async (query) => {
        asked.push(query);
        const rows = answers[query.reads[0]?.identifier ?? ''];
        if (rows === undefined) return null;
        return { ...query, columns: [{ name: 'a', type: 'VARCHAR' }], rows, since: SINCE };
      },
    );
    return { project, asked };
  }
  const SINCE = { at: '2026-01-01T00:00:00Z', records: 1, checkpoint: [] };

  it('has those of empty tables until the warehouse has any', async () => {
    const { project, asked } = await rowsFor({ 'models/m.sql': PIVOT }, {});
    expect(compile(project, project.model('m'), qualified)).toBe('\nselect id from "main"."stg"');
    expect([...project.asked.values()].flat().map(({ answer }) => answer.since)).toEqual([null]);
    expect(asked.map(({ query, reads }) => [query, reads])).toEqual([
      [
        'SELECT kind FROM main.stg GROUP BY kind ORDER BY count_star() DESC, 1',
        [{ schema: 'main', identifier: 'stg' }],
      ],
    ]);
  });

  it('has those that are given, and others when it is answered anew, of the files as they were read', async () => {
    const dir = projectFolder({ ...MACROS, 'models/m.sql': PIVOT });
    let project = loadProject(dir);
    writeFileSync(path.join(dir, 'models/m.sql'), 'select 1 as changed');
    for (const kinds of [['x', 'y'], ['z']]) {
      project = await answeredAnew(
        project,
        () => RAW,
        async (query) => ({
          ...query,
          columns: [{ name: 'kind', type: 'VARCHAR' }],
          rows: kinds.map((kind) => [kind]),
          since: SINCE,
        }),
      );
      const columns = kinds.map((kind) => `, kind = '${kind}' as is_${kind}`).join('');
      expect(compile(project, project.model('m'), qualified)).toBe(`\nselect id${columns} from "main"."stg"`);
    }
  });

  it.each([
    ['be rendered', "{{ run_query('select kind from ' ~ ref('stg')).rows[0][0] }}", /^models\/m\.sql:1: /],
    [
      'be bound',
      "select {% for row in run_query('select kind from ' ~ ref('stg')) if execute %}{{ row[0] }}{% endfor %}, from {{ ref('stg') }} where",
      /does not bind with the rows there are/,
    ],
  ])('waits when it cannot %s with them, and what reads or asks it', async (_, sql, why) => {
    const files = {
      'models/m.sql': `{% if execute %}${sql}{% else %}-- {{ ref('stg') }}{% endif %}`,
      'models/after.sql': "select * from {{ ref('m') }}",
      'models/asks.sql':
        "{% set r = run_query('select count(*) from ' ~ ref('m')) %}select {{ r.rows[0][0] if execute }} as n",
      'models/refused.sql': "{% set v = run_query('select now()') %}select 1",
    };
    const { project } = await rowsFor(files, {});
    expect(project.models.map(({ name }) => name)).toEqual(['stg', 'm', 'after', 'asks']);
    expect(project.waiting.get('m')).toMatch(why);
    expect(project.waiting.get('after')).toBe('models/after.sql: it reads m, which waits');
    expect(project.waiting.get('asks')).toMatch(/it asks about "main"."m", which waits/);
    expect([...project.leftOut.keys()].sort()).toEqual(['after', 'asks', 'm', 'refused']);
    const { waiting, leftOut } = project.withoutSeeds(new Map());
    expect([waiting, leftOut.has('m')]).toEqual([project.waiting, true]);
    expect((await planModels(project, RAW)).map(({ model }) => model)).toEqual(['stg']);
  });

  it('waits with a contract that it cannot keep over empty tables, and breaks it over others', async () => {
    const files = {
      'models/m.sql': PIVOT,
      'models/m.yml': `models: [{name: m, config: {contract: {enforced: true}}, columns: [{name: id, data_type: bigint}, {name: is_x, data_type: boolean}]}]`,
    };
    const listing = `{% set t = run_query("select table_name from information_schema.tables order by 1") %}select '{{ t.columns[0].values() | join(' ') if execute }}'`;
    const { project: waits } = await rowsFor({ ...files, 'models/listing.sql': listing }, {});
    expect(waits.waiting.get('m')).toMatch(/missing in definition .*: is_x/);
    // it is not there to be found in the catalog
    expect(compile(waits, waits.model('listing'), qualified)).toBe("select 'stg t'");
    const kept = await rowsFor(files, { stg: [['x']] });
    expect(kept.project.waiting.size).toBe(0);
    // not all of its rows are known
    const more = `${PIVOT} {% set n = run_query('select count(*) from ' ~ source('raw', 't')) %}`;
    const { project: partly } = await rowsFor({ ...files, 'models/m.sql': more }, { stg: [['y']] });
    expect(partly.waiting.get('m')).toMatch(/missing in definition .*: is_x/);
    expect(await planRefusals(kept.project, RAW)).toEqual(new Map());
    const broken = await rowsFor(files, { stg: [['y']] });
    expect((await planRefusals(broken.project, RAW)).get('m')).toMatchObject({ code: 'MODEL_CONTRACT_BROKEN' });
  });

  it('sees dates, times and fractions as Python prints them', async () => {
    const sql = `{% set r = run_query("select timestamp '2026-01-02 03:04:05.5' as a, timestamptz '2026-01-02 03:04:05Z' as b, date '2026-01-02' as c, 2.0::double as d, 1.5::decimal(4,2) as e") %}{% if execute %}{{ r.rows[0].values() | join(' ') }}{% endif %}`;
    expect(await sqlOf({ 'models/m.sql': sql })).toBe(
      '2026-01-02 03:04:05.500000 2026-01-02 03:04:05+00:00 2026-01-02 2.0 1.50',
    );
  });

  it.each([
    ['select kind from stg', 'SELECT kind FROM stg ORDER BY 1'],
    ['select distinct kind, id from stg limit 3', 'SELECT DISTINCT kind, id FROM stg ORDER BY 1, 2 LIMIT 3'],
    ['select id from stg union all select 1', '(SELECT id FROM stg) UNION ALL (SELECT 1) ORDER BY 1'],
    ['select * from stg order by all', 'SELECT * FROM stg ORDER BY COLUMNS(*)'],
    ['select 170141183460469231731687303715884105727 as a, id from stg', null],
  ])('asks %s in an order without ties', async (sql, ordered) => {
    const { asked } = await rowsFor(
      { 'models/m.sql': `{% set r = run_query("${sql}") %}select 1 -- {{ ref('stg') }}` },
      {},
    );
    expect(asked.map(({ query }) => query)).toEqual([ordered ?? sql]);
  });
});

describe('a query that calls now()', () => {
  const files = (config: string): Files => ({
    'macros/spine.sql': `{% macro days() %}{% call statement('n', fetch_result=True) %}select date_diff('day', date '2026-01-01', current_date) + 1{% endcall %}
{%- do return((load_result('n')['data'] | map(attribute=0) | list)[0] if execute else 0) %}{% endmacro %}`,
    'models/m.sql': `${config}select * from range({{ days() }})`,
  });

  it('is answered as of now for a model that may follow the time, whose plan says so', async () => {
    const project = await settled(files("{{ config(materialized='table', nondeterministic='allow') }}"));
    const days = Math.floor(Date.now() / 86_400_000) - Date.UTC(2026, 0, 1) / 86_400_000 + 1;
    expect(compile(project, project.model('m'), qualified)).toBe(`select * from range(${days})`);
    expect(project.asked.get('m')?.map(({ answer: { reads, clock } }) => [reads, clock])).toEqual([
      [[], 'current_date'],
    ]);
    const plans = await planModels(project, RAW);
    expect(plans.find(({ model }) => model === 'm')?.nondeterministic).toEqual([{ call: 'current_date', model: 'm' }]);
  });

  it('leaves out a model that may not, with the way out', async () => {
    const project = await settled(files(''));
    expect(project.models.map(({ name }) => name)).toEqual(['stg']);
    expect(project.asked.size).toBe(0);
    expect(project.warnings.join()).toContain(
      'its SQL follows from a query that calls current_date (`+nondeterministic: allow` would have it asked again',
    );
  });
});

describe('a data test that looks at the clock', () => {
  const testOf = (time: string): Files => ({
    'tests/t.sql': `{% set r = run_query("select strlen('" ~ modules.datetime.${time} ~ "') as n") %}
select * from {{ ref('stg') }} where n > {{ r.columns[0].values()[0] if execute else 0 }} and '{{ modules.datetime.date.today() }}' > ''`,
  });

  it('is rendered at its run, with what its queries of the day give', async () => {
    const project = await settled(testOf('date.today()'));
    const today = new Date().toISOString().slice(0, 10);
    expect(project.tests.map((test) => test.sql(qualified))).toEqual([
      `select * from "main"."stg" where n > 10 and '${today}' > ''`,
    ]);
  });

  it('is left out when its queries are others each second', async () => {
    const project = await settled(testOf('datetime.now()'));
    expect(project.tests).toEqual([]);
    expect(project.warnings).toEqual([
      'tests/t.sql: the data test t is left out: a query of its template follows from the clock, which is other at each run',
    ]);
  });
});

describe('the graph', () => {
  it('holds models, seeds and source tables when SQL is rendered, and nothing before', async () => {
    const sql = `{% if execute %}{% for node in graph.nodes.values() | selectattr('resource_type', 'equalto', 'model') | sort(attribute='name') -%}
{{ node.unique_id }} {{ node.path }} {{ node.config.materialized }} {{ node.depends_on.nodes | join('+') }} {% endfor %}{{ graph.sources.values() | map(attribute='identifier') | list }}{% else %}{{ config(tags=['n' ~ graph.nodes | default([]) | length]) }}{% endif %}`;
    const project = await settled({ 'models/m.sql': sql });
    expect(project.model('m').tags).toEqual(['n0']);
    expect(compile(project, project.model('m'), qualified)).toBe(
      "model.p.m m.sql view  model.p.stg stg.sql view source.p.raw.t ['t']",
    );
  });

  it('has the same of a model as `model` in its template', async () => {
    const project = await settled({
      'models/m.sql':
        "select '{{ model.columns.a.data_type }} {{ model.description }} {{ model.config.materialized }}'",
      'models/m.yml':
        'models: [{name: m, description: d, config: {materialized: table}, columns: [{name: a, data_type: int}]}]',
    });
    expect(compile(project, project.model('m'), qualified)).toBe("select 'int d table'");
  });
});

describe('a data test that asks', () => {
  it('has its answers, or is left out', async () => {
    const project = await settled({
      'models/m.sql': "select * from {{ ref('stg') }}",
      'models/m.yml': "models: [{name: m, data_tests: [kit.same_columns: {arguments: {as: ref('stg')}}]}]",
      'tests/rows.sql':
        "{% set v = run_query('select count(*) from ' ~ ref('m')) %}select {{ v.rows[0][0] if execute }}",
      'tests/first.sql': "{% set v = run_query('select id from ' ~ ref('m')) %}select {{ v.rows[0][0] if execute }}",
      'tests/now.sql': "{% set v = run_query('select now() from ' ~ ref('m')) %}select 1",
    });
    expect(project.tests.map((test) => test.sql(bare))).toEqual([
      'select "id", "kind", "n" from m except select "id", "kind", "n" from stg',
      'select 0',
    ]);
    expect(project.warnings).toEqual([
      expect.stringMatching(/^tests\/first\.sql: the data test first is not rendered yet: /),
      expect.stringMatching(/^tests\/now\.sql:1: the data test now is left out: /),
    ]);
    expect([...project.asked.keys()]).toEqual(['test.p.first', 'test.p.rows']);
  });
});

describe('while templates are parsed', () => {
  it('execute is false, and what a query gives is no table', () => {
    const files = { 'models/m.sql': "{% if not execute %}{{ config(alias='parsed') }}{% endif %}select 1" };
    expect(projectOf(files).model('m').alias).toBe('parsed');
    const failure = failureOf(() => projectOf({ 'models/m.sql': "{{ run_query('select 1').columns[0].values() }}" }));
    expect(failure.place).toBe('models/m.sql:1');
    expect(failure.hint).toMatch(/execute/);
  });

  it('every ref must be seen', () => {
    const files = {
      'models/a.sql': 'select 1',
      'models/m.sql': "{% if execute %}select * from {{ ref('a') }}{% endif %}",
    };
    expect(projectOf(files).faulty.get('m')).toMatchObject({
      code: 'MODEL_RENDER_FAILED',
      message: 'model m reads a where execute is true only',
      hint: "add a line -- depends_on: {{ ref('a') }} to the model",
    });
  });

  it('a model that asks cannot be rendered without answers', () => {
    const project = projectOf({ 'models/m.sql': "{% set r = run_query('select 1') %}select 1" });
    expect(project.questions).toEqual([{ kind: 'rows', sql: 'select 1' }]);
    expect(failureOf(() => compile(project, project.model('m'), qualified)).message).toMatch(/follows from a query/);
  });
});
