import { describe, expect, it } from 'vitest';
import { fnmatch, matchedPath } from '../../src/project/fnmatch.ts';
import { resourceGraph } from '../../src/project/resource-graph.ts';
import { selectResources, type Selection } from '../../src/project/select-resources.ts';
import { projectOf } from './project-folder.ts';

// raw.a -> a -> b; a relationship from b to a, a singular test over both, unique on a and on the source
const project = projectOf({
  'models/a.sql': "select * from {{ source('raw', 'a') }}",
  'models/sub/b.sql': "select * from {{ ref('a') }}",
  'models/schema.yml': `
sources:
  - name: raw
    tags: [landed]
    config: { tags: [from_topics] }
    tables:
      - name: a
        columns: [{ name: id, data_tests: [unique] }]
models:
  - name: a
    columns: [{ name: id, data_tests: [unique, { not_null: { config: { severity: warn, tags: [quick] } } }] }]
  - name: b
    columns:
      - name: id
        data_tests: [{ relationships: { arguments: { to: ref('a'), field: id } } }]
`,
  'tests/both.sql': "select 1 from {{ ref('a') }} join {{ ref('b') }} using (id)",
});

function chosen(selection: Selection): string[] {
  return selectResources(project, selection).resources.map(({ name }) => name);
}

const UNIQUE = 'unique_a_id';
const NOT_NULL = 'not_null_a_id';
const RELATIONSHIP = 'relationships_b_id__id__ref_a_';
const SOURCE_UNIQUE = 'source_unique_raw_a_id';

describe('the graph over all resources', () => {
  it('has tests below what they read', () => {
    const graph = resourceGraph(project);
    expect(graph.get('model.p.a')).toMatchObject({
      parents: ['source.p.raw.a'],
      fqn: ['p', 'a'],
      path: 'models/a.sql',
    });
    expect(graph.get('test.p.both')?.parents).toEqual(['model.p.a', 'model.p.b']);
    expect(graph.get('model.p.b')?.children).toHaveLength(2);
    expect(graph.get('source.p.raw.a')).toMatchObject({ fqn: ['p', 'raw', 'a'], path: 'models/schema.yml' });
  });
});

describe('tests that follow from what is selected', () => {
  it.each<[Selection, string[]]>([
    [{ select: ['a'] }, ['a', 'both', NOT_NULL, RELATIONSHIP, UNIQUE]],
    [{ select: ['a'], indirectSelection: 'cautious' }, ['a', NOT_NULL, UNIQUE]],
    [{ select: ['a'], indirectSelection: 'empty' }, ['a']],
    [{ select: ['a b'], indirectSelection: 'cautious' }, ['a', 'b', 'both', NOT_NULL, RELATIONSHIP, UNIQUE]],
    [{ select: ['b'], indirectSelection: 'buildable' }, ['b', 'both', RELATIONSHIP]],
    [{ select: ['a'], indirectSelection: 'buildable' }, ['a', NOT_NULL, UNIQUE]],
    [{ select: ['b'], exclude: ['a'] }, ['b']],
    [{ select: ['b'], exclude: ['a'], indirectSelection: 'cautious' }, ['b']],
    [{ select: ['a+'], resourceTypes: ['test'] }, ['both', NOT_NULL, RELATIONSHIP, UNIQUE]],
    [{ select: ['source:raw'] }, ['a', SOURCE_UNIQUE]],
    [{ select: ['test_type:singular'] }, ['both']],
    [{ select: ['test_type:data'] }, ['both', NOT_NULL, RELATIONSHIP, SOURCE_UNIQUE, UNIQUE]],
    [{ select: ['test_name:u*'] }, [SOURCE_UNIQUE, UNIQUE]],
    [{ select: ['config.severity:WARN'] }, [NOT_NULL]],
    [{ select: ['tag:quick'] }, [NOT_NULL]],
    // tags in the config of a source are its own, those beside it are its tests', too
    [{ select: ['tag:landed'], indirectSelection: 'empty' }, ['a', SOURCE_UNIQUE]],
    [{ select: ['tag:from_topics'], indirectSelection: 'empty' }, ['a']],
    [
      { select: ['path:models/schema.yml'], indirectSelection: 'empty' },
      ['a', 'b', 'a', NOT_NULL, RELATIONSHIP, SOURCE_UNIQUE, UNIQUE],
    ],
    [{ select: ['1+both'] }, ['a', 'b', 'both', NOT_NULL, RELATIONSHIP, UNIQUE]],
    [{ select: ['@b'] }, ['a', 'b', 'a', 'both', NOT_NULL, RELATIONSHIP, SOURCE_UNIQUE, UNIQUE]],
  ])('%j', (selection, names) => {
    expect(chosen(selection).sort()).toEqual(names.sort());
  });
});

describe('patterns are those of Python', () => {
  it.each([
    ['a.b', '*', true],
    ['abc', 'a?c', true],
    ['a^c', 'a[^]c', true],
    ['abc', 'a[!b]c', false],
    ['a]c', 'a[]]c', true],
    ['a[c', 'a[c', true],
    ['A', 'a', false],
  ])('%s as %s: %s', (text, pattern, matches) => expect(fnmatch(text, pattern)).toBe(matches));

  it.each([
    ['models/a/b.sql', 'models', 'models'],
    ['models/a/b.sql', './models/*/', 'models/a'],
    ['models/a/b.sql', 'models/**', 'models'],
    ['models/a/b.sql', '**/b.sql', 'models/a/b.sql'],
    ['models/a/b.sql', 'models/b.sql', null],
    ['models/a/b.sql', 'model*/a', 'models/a'],
    ['models/a/b.sql', 'a', null],
    ['models/a/b.sql', 'models/a/b.sql/**', null],
  ])('the path %s within %s: %s', (path, pattern, found) => expect(matchedPath(path, pattern)).toBe(found));
});
