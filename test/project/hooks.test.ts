import { describe, expect, it } from 'vitest';
import type { Value } from '../../src/project/jinja/values.ts';
import { hasHooks, nodeHooks } from '../../src/project/hooks.ts';
import { PendingQuestion, type Answer } from '../../src/project/questions.ts';
import { RunMoment } from '../../src/project/run-moment.ts';
import { failureOf, projectOf, type Files } from './project-folder.ts';

const FACTS = { id: 'abc', startedAt: '2026-02-03T04:05:06.789Z', which: 'build', flags: { full_refresh: true } };

function scene(answers: readonly Answer[] = [], names: Readonly<Record<string, () => Value>> = {}) {
  return { moment: new RunMoment(FACTS, () => Date.parse('2026-02-03T04:05:07Z')), answers, names };
}

/** How the one on-run-end hook of a project renders. */
function rendered(hook: string, files: Files = {}, answers: readonly Answer[] = []) {
  const project = projectOf({ 'dbt_project.yml': `name: p\non-run-end: ${JSON.stringify(hook)}\n`, ...files });
  const [operation] = project.operations;
  return project.hooks.operation(operation as NonNullable<typeof operation>, scene(answers, { results: () => [] }));
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
    expect(rendered("{{ log('quiet') }}{{ log('a', info=true) }}{{ print('b') }}").said).toEqual(['a', 'b']);
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
    expect(hooks.ofNode(model, sql, scene()).sql).toBe('"main_x"."m" main_x model.p.m 1 table "main_x"."m"');
    expect(warnings).toEqual([]);
  });
});
