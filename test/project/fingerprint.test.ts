import { describe, expect, it } from 'vitest';
import { fingerprint } from '../../src/project/fingerprint.ts';
import { projectOf, type Files } from './project-folder.ts';

const BASE: Files = {
  'dbt_project.yml': 'name: p\nvars: {least: 1}\n',
  'macros/f.sql': '{% macro f(x) %}{{ x }} + 1{% endmacro %}',
  'models/e.sql': "{{ config(materialized='ephemeral') }}select 1 as x",
  'models/t.sql': 'select 1 as x',
  'models/m.sql': "select {{ f('x') }} from {{ ref('e') }} join {{ ref('t') }} using (x) where x > {{ var('least') }}",
  'models/m.yml': 'models:\n  - name: m\n    description: a\n    config: {meta: {key: [x], upkeep: batch}}\n',
};

const printOf = (files: Files): string => {
  const project = projectOf({ ...BASE, ...files });
  return fingerprint(project, project.model('m'));
};

describe('a fingerprint', () => {
  it.each<[string, Files]>([
    ['the model', { 'models/m.sql': "select x from {{ ref('e') }} join {{ ref('t') }} using (x)" }],
    ['a macro it uses', { 'macros/f.sql': '{% macro f(x) %}{{ x }} + 2{% endmacro %}' }],
    ['a variable', { 'dbt_project.yml': 'name: p\nvars: {least: 2}\n' }],
    ['an ephemeral model it reads', { 'models/e.sql': "{{ config(materialized='ephemeral') }}select 2 as x" }],
    ['its materialization', { 'dbt_project.yml': 'name: p\nvars: {least: 1}\nmodels: {+materialized: table}\n' }],
    ['its unique_key', { 'models/m.yml': 'models:\n  - name: m\n    config: {unique_key: x}\n' }],
    ['its upkeep', { 'models/m.yml': 'models:\n  - name: m\n    config: {meta: {key: [x], upkeep: compaction}}\n' }],
  ])('changes with %s', (_, files) => {
    expect(printOf(files)).not.toBe(printOf({}));
  });

  it('is there for numbers of any size', () => {
    const [first, second] = ['9007199254740993', '9007199254740992'].map((number) =>
      printOf({ 'models/m.sql': `{{ config(seed=${number}, part=1.0) }}select 1` }),
    );
    expect(first).not.toBe(second);
  });

  it.each<[string, Files]>([
    ['nothing', {}],
    [
      'a description or the order of keys',
      {
        'models/m.yml':
          'models:\n  - name: m\n    description: b\n    config: {tags: x, meta: {upkeep: batch, key: [x]}}\n',
      },
    ],
    [
      'what is in meta and not its upkeep, and what only refuses',
      {
        'models/m.yml':
          'models:\n  - name: m\n    config: {meta: {owner: ann}, incremental: required, nondeterministic: allow}\n',
      },
    ],
    ['a table it reads', { 'models/t.sql': 'select 2 as x' }],
    ['a macro it does not use', { 'macros/g.sql': '{% macro g() %}{% endmacro %}' }],
  ])('stays with %s', (_, files) => {
    expect(printOf(files)).toBe(printOf({}));
    expect(printOf(files)).toMatch(/^[0-9a-f]{64}$/);
  });
});
