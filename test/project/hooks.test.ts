import { describe, expect, it } from 'vitest';
import type { Value } from '../../src/project/jinja/values.ts';
import type { Said } from '../../src/project/hook-renderer.ts';
import { hasHooks, nodeHooks } from '../../src/project/hooks.ts';
import { PendingQuestion, type Answer } from '../../src/project/questions.ts';
import { RunMoment } from '../../src/project/run-moment.ts';
import { failureOf, projectOf, type Files } from './project-folder.ts';

const FACTS = { id: 'abc', startedAt: '2026-02-03T04:05:06.789Z', which: 'build', flags: { full_refresh: true } };

function scene(answers: readonly Answer[] = [], names: Readonly<Record<string, () => Value>> = {}) {
  const said: Said[] = [];
  const moment = new RunMoment(FACTS, () => Date.parse('2026-02-03T04:05:07Z'));
  return { moment, answers, names, said, say: (line: Said) => void said.push(line) };
}

/** How the one on-run-end hook of a project renders. */
function rendered(hook: string, files: Files = {}, answers: readonly Answer[] = []) {
  const project = projectOf({ 'dbt_project.yml': `name: p\non-run-end: ${JSON.stringify(hook)}\n`, ...files });
  const [operation] = project.operations;
  const on = scene(answers, { results: () => [] });
  return { sql: project.hooks.operation(operation as NonNullable<typeof operation>, on), said: on.said };
}

describe('hooks of a project', () => {
  it('go before those of packages, which go by name', () => {
    const { operations } = projectOf({
      'dbt_project.yml': 'name: m\non-run-start: [a, b]\non-run-end: c\n',
      'packages.yml': 'packages: [{local: z}, {local: d}]\n',
      'dbt_packages/z/dbt_project.yml': 'name: z\non-run-start: e\n',
      'dbt_packages/d/dbt_project.yml': 'name: d\non-run-start: f\n',
    });
    expect(operations.map(({ uniqueId, sql }) => [uniqueId, sql])).toEqual([
      ['operation.m.m-on-run-start-0', 'a'],
      ['operation.m.m-on-run-start-1', 'b'],
      ['operation.m.m-on-run-end-0', 'c'],
      ['operation.d.d-on-run-start-0', 'f'],
      ['operation.z.z-on-run-start-0', 'e'],
    ]);
  });

  it('that are no text are told with their line', () => {
    const files = { 'dbt_project.yml': 'name: m\non-run-start:\n  - a\n  - {sql: b}\n' };
    expect(failureOf(() => projectOf(files))).toMatchObject({ code: 'PROJECT_INVALID', place: 'dbt_project.yml:4' });
  });

  it('are rendered with the run that runs them', () => {
    const hook =
      '{{ invocation_id }} {{ run_started_at }} {{ flags.WHICH }} {{ flags.FULL_REFRESH }} {{ thread_id }} {{ target.name }} {{ model.name }} {{ this }} {{ results | length }} {{ execute }} {{ modules.datetime.datetime.now().second }}';
    expect(rendered(hook).sql).toBe(
      'abc 2026-02-03 04:05:06.789000+00:00 build True MainThread dev p-on-run-end-0 None 0 True 7',
    );
  });

  it('say what log() and print() say', () => {
    expect(rendered("{{ log('quiet') }}{{ log('a', info=true) }}{{ print('b') }}").said).toEqual([
      { text: 'a', printed: false },
      { text: 'b', printed: true },
    ]);
  });

  it('have their queries answered one by one, in order', () => {
    const macro =
      "{% macro m() %}{% set n = run_query('select 1').columns[0].values()[0] %}{{ run_query('select ' ~ n).rows[0][0] }}{% endmacro %}";
    const ask = (...answers: number[]): string => {
      try {
        const all = answers.map((value) => ({ columns: [{ name: 'n', type: 'INTEGER' }], rows: [[value]] }));
        return rendered('{{ m() }}', { 'macros/m.sql': macro }, all).sql;
      } catch (error) {
        if (!(error instanceof PendingQuestion)) throw error;
        return JSON.stringify(error.question);
      }
    };
    expect(ask()).toBe('{"kind":"rows","sql":"select 1"}');
    expect(ask(5)).toBe('{"kind":"rows","sql":"select 5"}');
    expect(ask(5, 6)).toBe('6');
  });
});

describe('hooks of a model', () => {
  it('add up in the order of dbt, and are rendered late', () => {
    const { models } = projectOf({
      'dbt_project.yml': "name: p\nmodels:\n  +post-hook: 'a {{ this }}'\n  p:\n    +post-hook: ['b', 'b']\n",
      'models/m.yml':
        "models:\n- name: m\n  config: {post_hook: 'c {{ this }}', pre_hook: {sql: 'd', transaction: false}}\n",
      'models/m.sql': "{{ config(post_hook=['e', before_begin('f')]) }}select 1 as a",
    });
    const [model] = models as [NonNullable<(typeof models)[0]>];
    expect(nodeHooks(model.config, 'post_hook')).toEqual([
      { sql: 'a {{ this }}', transaction: true },
      { sql: 'b', transaction: true },
      { sql: 'b', transaction: true },
      { sql: 'c {{ this }}', transaction: true },
      { sql: 'e', transaction: true },
      { sql: 'f', transaction: false },
    ]);
    expect(nodeHooks(model.config, 'pre_hook')).toEqual([{ sql: 'd', transaction: false }]);
    expect(hasHooks(model)).toBe(true);
  });

  it('see the model', () => {
    const { hooks, models, warnings } = projectOf({
      'dbt_project.yml': 'name: p\n',
      'models/m.sql': "{{ config(materialized='table', schema='x', meta={'a': 1}) }}select 1 as a",
    });
    const sql =
      "{{ this }} {{ this.schema }} {{ model.unique_id }} {{ model.config.meta.a }} {{ config.get('materialized') }} {{ ref('m') }}";
    const model = models[0] as NonNullable<(typeof models)[0]>;
    expect(hooks.ofNode(model, sql, scene())).toBe('"main_x"."m" main_x model.p.m 1 table "main_x"."m"');
    expect(warnings).toEqual([]);
  });
});

describe('a macro that a command names', () => {
  const files = {
    'packages.yml': 'packages: [{local: d}]\n',
    'dbt_packages/d/dbt_project.yml': 'name: d\n',
    'dbt_packages/d/macros/m.sql':
      "{% macro m() %}{{ log('of d', true) }}{% endmacro %}{% macro n(x, y=2) %}{{ log(x ~ y ~ inner(), true) }}{% endmacro %}{% macro inner() %}!{% endmacro %}",
    'macros/m.sql': "{% macro m() %}{{ log('of p', true) }}{% endmacro %}",
  };
  const { hooks } = projectOf(files);

  function said(name: string, args: Readonly<Record<string, unknown>> = {}): string[] {
    const on = scene();
    hooks.call(hooks.macro(name), args, on);
    return on.said.map(({ text }) => text);
  }

  it('is that of the project, else of a package, which may be named', () => {
    expect(['m', 'd.m', 'n'].map((name) => hooks.macro(name).uniqueId)).toEqual([
      'macro.p.m',
      'macro.d.m',
      'macro.d.n',
    ]);
    expect([said('m'), said('d.m'), said('n', { x: 1.5 }), said('n', { x: 'a', y: [1] })]).toEqual([
      ['of p'],
      ['of d'],
      ['1.52!'],
      ['a[1]!'],
    ]);
  });

  it('that is not there is told with the closest name', () => {
    expect(failureOf(() => hooks.macro('d.x'))).toMatchObject({
      code: 'USAGE',
      hint: expect.stringContaining('PACKAGE.MACRO') as string,
    });
    expect(failureOf(() => hooks.macro('innen'))).toMatchObject({ code: 'USAGE', hint: 'did you mean inner?' });
    expect(failureOf(() => hooks.call(hooks.macro('n'), { z: 1 }, scene()))).toMatchObject({
      code: 'MODEL_RENDER_FAILED',
      place: 'dbt_packages/d/macros/m.sql:1',
      message: 'macro n has no argument z (in macro n, dbt_packages/d/macros/m.sql:1)',
    });
  });
});

// what print_table() of agate 1.9.1 prints of dbt's table of the same rows
it('print_table() prints a table as dbt does', () => {
  const columns = Object.entries({
    n: 'INTEGER',
    d: 'DECIMAL(9,5)',
    t: 'VARCHAR',
    b: 'BOOLEAN',
    day: 'DATE',
    x: 'INTEGER',
    f: 'DOUBLE',
  });
  const answer = {
    columns: columns.map(([name, type]) => ({ name, type })),
    rows: [
      [1234567, '12.34567', 'hello', true, '2026-01-02', null, 1.5],
      [-5, '0.50000', 'a text that is longer than twenty', null, '2026-11-12', null, 2],
    ],
  };
  const macro =
    "{% macro m() %}{% set t = run_query('q') %}{{ t.print_table() }}{{ t.print_table(max_columns=8, max_rows=1, max_column_width=10) }}{% endmacro %}";
  expect(rendered('{{ m() }}', { 'macros/m.sql': macro }, [answer]).said.map(({ text }) => text.split('\n'))).toEqual([
    [
      '|       n |       d | t                    |    b |        day | x | ... |',
      '| ------- | ------- | -------------------- | ---- | ---------- | - | --- |',
      '| 1234567 | 12.346… | hello                | True | 2026-01-02 |   | ... |',
      '|      -5 |  0.500… | a text that is lo... |      | 2026-11-12 |   | ... |',
    ],
    [
      '|       n |       d | t     |    b |        day | x |   f |',
      '| ------- | ------- | ----- | ---- | ---------- | - | --- |',
      '| 1234567 | 12.346… | hello | True | 2026-01-02 |   | 1.5 |',
      '|     ... |     ... | ...   |  ... |        ... | ... | ... |',
    ],
  ]);
});

it('counts characters of a printed table as Python does', () => {
  const answer = {
    columns: [{ name: 'status', type: 'VARCHAR' }],
    rows: [['🤷: b'], ['🤷: more than twenty characters']],
  };
  const macro = "{% macro m() %}{% do run_query('q').print_table() %}{% endmacro %}";
  expect(rendered('{{ m() }}', { 'macros/m.sql': macro }, [answer]).said[0]?.text.split('\n').slice(2)).toEqual([
    '| 🤷: b                 |',
    '| 🤷: more than twen... |',
  ]);
});

it('says what a macro warns of', () => {
  const macro = "{% macro m() %}{% do exceptions.warn('take care') %}{% endmacro %}";
  expect(rendered('{{ m() }}', { 'macros/m.sql': macro }).said).toEqual([{ text: 'take care', printed: false }]);
});
