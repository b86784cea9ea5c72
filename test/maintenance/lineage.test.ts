import { expect, it } from 'vitest';
import { Planner, type RawRelation } from '../../src/maintenance/planner.ts';
import { projectOf } from '../project/project-folder.ts';

const raw = (name: string, key: string, ...columns: string[]): RawRelation => ({
  name,
  schema: 'w',
  identifier: name,
  columns: [key, ...columns].map((column) => ({ name: column, type: 'INTEGER' })),
  key: [key],
});
const RAW = [raw('facts', 'id', 'a', 'x'), raw('dims', 'k', 'parent', 'v'), raw('links', 'm', 'k')];

/** What rows of a SELECT follow from, as far as some of its columns go: tables, with the conditions on their rows. */
async function inputsOf(select: string, columns: readonly string[] | null): Promise<Record<string, string[]>> {
  const tables = RAW.map(({ name }) => `      - name: ${name}\n`).join('');
  const sources = `sources:\n  - name: r\n    schema: w\n    tables:\n${tables}`;
  const sql = select.replaceAll(/\b(facts|dims|links)\b(?=[ )]|$)/g, "{{ source('r', '$1') }}");
  const project = projectOf({
    'models/sources.yml': sources,
    'models/m.sql': `{{ config(materialized='table') }} ${sql}`,
  });
  await using planner = await Planner.over(project, RAW);
  const { inputs } = await planner.lineage('m', columns);
  return Object.fromEntries(
    inputs.map(({ relation, uses }) => [relation.name, uses.map(({ condition }) => condition ?? 'any')]),
  );
}

const tables = async (select: string, columns: readonly string[] | null): Promise<string[]> =>
  Object.keys(await inputsOf(select, columns));

it('leaves out a lookup of which nothing is needed, and nothing else', async () => {
  const lookup = 'select f.id, f.x, d.v from facts f left join dims d on d.k = f.a';
  expect(await tables(lookup, null)).toEqual(['facts', 'dims']);
  expect(await tables(lookup, ['id', 'v'])).toEqual(['facts', 'dims']);
  expect(await tables(lookup, ['id', 'x'])).toEqual(['facts']);
  // Rows that do not match drop out; several that match multiply.
  expect(await tables('select f.id, d.v from facts f join dims d on d.k = f.a', ['id'])).toEqual(['facts', 'dims']);
  expect(await tables('select f.id, l.m from facts f left join links l on l.k = f.a', ['id'])).toEqual([
    'facts',
    'links',
  ]);
  // A lookup that only another one needs.
  const chained = `select f.id, f.x, e.v from facts f left join links l on l.m = f.a left join dims e on e.k = l.k`;
  expect(await tables(chained, ['id', 'v'])).toEqual(['facts', 'links', 'dims']);
  expect(await tables(chained, ['id'])).toEqual(['facts']);
  // Aggregates by the key are lookups, too; a scalar subquery gives one value.
  const counts = `select d.k, d.v, c.n from dims d left join (select a, count(*) as n from facts group by a) c on c.a = d.k`;
  expect(await tables(counts, ['k', 'v'])).toEqual(['dims']);
  expect(await tables('select d.k, (select max(x) from facts where a = d.k) as most from dims d', ['k'])).toEqual([
    'dims',
  ]);
});

it('knows the conditions that rows must meet, but not those of rows of nulls in their place', async () => {
  const of = async (sql: string): Promise<Record<string, string[]>> => inputsOf(sql, null);
  const some = (pattern: RegExp): string => expect.stringMatching(pattern) as string;
  expect(await of('select id, a from (select *, x + 1 as y from facts ) f where y > 3')).toEqual({
    facts: [some(/i\."x".*3/)],
  });
  expect(await of('select f.id, d.v from facts f left join dims d on d.k = f.a and d.v > 5 where f.x = 1')).toEqual({
    facts: [some(/i\."x".*1/)],
    dims: [some(/i\."v".*5/)],
  });
  const missing = await of('select f.id, d.v from facts f left join dims d on d.k = f.a where d.v is null');
  expect(missing['dims']).toEqual(['any']);
  // Each place where a table is read has its own.
  expect(await of('select id, 1 as b from facts where x = 1 union all select id, 2 from facts ')).toEqual({
    facts: [some(/i\."x".*1/), 'any'],
  });
  // One common table expression in two places: rows that meet the conditions of either.
  const twice =
    'with f as materialized (select * from facts ) select id from f where x = 1 union all select id from f where x = 2';
  expect((await of(twice))['facts']?.join()).toMatch(/1.*2/);
  // Every row of its partition counts for a window.
  const numbered = 'select *, row_number() over (partition by a order by id) as n from facts ';
  expect(await of(`select * from (${numbered}) q where x = 1`)).toEqual({ facts: ['any', 'any'] });
});
