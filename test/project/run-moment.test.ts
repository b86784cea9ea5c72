import { describe, expect, it } from 'vitest';
import cases from './jinja/python-modules.json' with { type: 'json' };
import { compile, bare, qualified } from '../../src/project/compile.ts';
import { projectOf, type Files } from './project-folder.ts';

/** The SQL of the model `m`, or what the project says of it. */
function sqlOf(files: Files): string {
  const project = projectOf(files);
  const model = project.models.find(({ name }) => name === 'm');
  return model === undefined ? project.warnings.join('\n') : compile(project, model, bare);
}

describe('what is other at each run', () => {
  it.each<[string, string]>([
    ['in a comment', '-- of {{ invocation_id }} at {{ run_started_at }}\nselect 1 as a'],
    ['in a message', "{{ log('run ' ~ invocation_id ~ ' in ' ~ thread_id, info=true) }}select 1 as a"],
    ['in a branch not taken', '{% if flags.FULL_REFRESH %}{{ run_started_at }}{% endif %}select 1 as a'],
    ['in a set that nobody reads', '{% set now = modules.datetime.datetime.now() %}select 1 as a'],
    ['in meta and hooks', "{{ config(meta={'run': invocation_id}, post_hook='select ' ~ thread_id) }}select 1 as a"],
    [
      'in both branches alike',
      '{% if run_started_at.hour < 12 %}select 1 as a{% else %}select 1 /* pm */ as a{% endif %}',
    ],
  ])('does not matter %s', (_, sql) => {
    expect(sqlOf({ 'models/m.sql': sql })).toContain('select 1');
  });

  it.each<[string, string, string]>([
    ['the time of the run', "select '{{ run_started_at }}' as a", 'run_started_at'],
    ['a part of it', 'select {{ run_started_at.minute }} as a', 'run_started_at'],
    [
      'what is decided by it',
      '{% if run_started_at.weekday() < 3 %}select 1 as a{% else %}select 2 as a{% endif %}',
      'run_started_at',
    ],
    ['a piece of the id', "select '{{ invocation_id[0:1] }}' as a", 'invocation_id'],
    ['the thread', "select '{{ thread_id }}' as a", 'thread_id'],
    ['the clock', "select '{{ modules.datetime.date.today() }}' as a", 'the clock'],
    [
      'two looks at the clock',
      'select {{ (modules.datetime.datetime.now() - run_started_at.replace(tzinfo=None)).seconds }} as a',
      'the clock, run_started_at',
    ],
    ['what is configured by it', "{{ config(alias='m_' ~ run_started_at.year) }}select 1 as a", 'run_started_at'],
  ])('leaves a model out whose SQL follows from %s', (_, sql, names) => {
    expect(sqlOf({ 'models/m.sql': sql })).toContain(
      `models/m.sql: its text follows from ${names}, which is other at each run; so the model m is left out`,
    );
  });

  it('is what it is at each run of a data test', () => {
    const at = (config: string) =>
      projectOf({
        'models/m.sql': 'select 1 as a',
        'tests/t.sql': `${config}select * from {{ ref('m') }} where '{{ run_started_at }}' < '{{ modules.datetime.datetime.now() }}'`,
      });
    const { tests } = at('');
    const times = tests.map((test) => test.sql(qualified).match(/\d{4}-[\d :.-]+/g) ?? []);
    const [started = NaN, now = NaN] = times.flat().map((time) => Date.parse(`${time.trim()}Z`));
    expect(Math.abs(now - Date.now())).toBeLessThan(60_000);
    expect(started).toBeLessThanOrEqual(now);
    // a gate is planned once
    const gated = at('{{ config(gate=true) }}');
    expect(gated.tests).toEqual([]);
    expect(gated.warnings.join()).toContain('the data test t is left out: its text follows from run_started_at');
  });

  it('has the same SQL at each load, whatever stands in comments', () => {
    const files = { 'models/m.sql': 'select 1 as a -- {{ invocation_id }}' };
    expect(sqlOf(files)).toBe('select 1 as a -- 00000000-0000-0000-0000-000000000000');
  });
});

describe('modules', () => {
  it('give what Python gives', () => {
    // as Python 3 has them: eval(expression) with datetime, pytz, re and itertools
    const answers = cases as [string, string][];
    const names = ['datetime', 'pytz', 're', 'itertools'].map((name) => `{% set ${name} = modules.${name} %}`).join('');
    const sql = sqlOf({ 'models/m.sql': names + answers.map(([expression]) => `{{ ${expression} }}`).join('\n') });
    expect(sql.split('\n').map((text, at) => [answers[at]?.[0], text])).toEqual(answers);
  });

  it('says what is wrong with a time', () => {
    const failing = (expression: string) => () => sqlOf({ 'models/m.sql': `{{ ${expression} }}` });
    expect(failing("modules.datetime.datetime.strptime('x', '%Y')")).toThrow(
      "time data 'x' does not match format '%Y'",
    );
    expect(failing('modules.datetime.date(2023, 2, 29)')).toThrow('there is no 2023-2-29');
    expect(failing("modules.pytz.timezone('Mars/Base')")).toThrow('there is no time zone Mars/Base');
    expect(failing('modules.datetime.date(2023, 2, 1) + 1')).toThrow('+ does not apply to a date and a number');
  });
});

describe('functions of dbt', () => {
  it.each([
    ["{{ toyaml({'a': [1, 'x', none, true], 'b': {'c': 1.5}}) }}", 'a:\n- 1\n- x\n- null\n- true\nb:\n  c: 1.5\n'],
    ["{{ fromyaml('a: [1, yes]') }}", "{'a': [1, True]}"],
    ["{{ fromyaml('a: [', 'no') }}", 'no'],
    ["{{ diff_of_two_dicts({'a': ['x', 'y']}, {'A': ['X']}) }}", "{'a': ['y']}"],
    ['{{ zip_strict([1], [2]) }}', '[(1, 2)]'],
    ['{{ set_strict([1, 1]) }}', '{1}'],
  ])('%s', (template, text) => {
    expect(sqlOf({ 'models/m.sql': template })).toBe(text);
  });
});
