import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { HINTS, hintsOf } from '../../src/maintenance/reasons.ts';
import { planOf } from './plan-of.ts';

/** SELECTs that are rebuilt, or read an input whole, by the reason that the plan gives. */
const REBUILT: readonly (readonly [reason: string, sql: string])[] = [
  ['an aggregate over all rows', 'select avg(x) as x from @facts'],
  ['a window over all rows (no PARTITION BY)', 'select id, rank() over (order by n) as r from @facts'],
  [
    'a window over all rows (no PARTITION BY)',
    `select row_number() over (order by x desc) as r, label, x, count(*) over () as n
     from (select d.label, sum(f.n) as x from @facts f join @dims d on d.k = f.dim group by d.label)`,
  ],
  ['limit', 'select * from @facts order by "at" desc, id limit 10'],
  ['distinct on', 'select distinct on (dim) * from @facts order by dim, id'],
  [
    "the key comes from a left join's right side",
    'select d.label, avg(f.x) as x from @facts f left join @dims d on d.k = f.dim group by d.label',
  ],
  [
    'the key comes from both sides of a join',
    'select f.n + d.k as nk, avg(f.x) as x from @facts f join @dims d on d.label = f.tags[1] group by f.n + d.k',
  ],
  ['a join without an equality', 'select f.id, d.label from @facts f join @dims d on d.k < f.dim'],
  [
    'the key is not among the grouped columns',
    'select day, avg(x) as x from (select min(day) as day, dim, avg(x) as x from @facts group by dim) group by day',
  ],
  [
    'a full join, not keyed by its coalesced columns',
    'select f.id, d.k from @facts f full join @dims d on d.k = f.dim',
  ],
  [
    'a full join, not keyed by its coalesced columns',
    'select coalesce(f.n, d.k) as k, avg(f.x) as x from @facts f full join @dims d on d.k = f.dim group by 1',
  ],
  [
    'IN or EXISTS as a value: one null changes every row',
    'select id from @facts where dim not in (select k from @dims)',
  ],
  ['a rowid changes whenever its row is replaced', 'select id, rowid as r from @facts'],
  ['now() gives another value each time', 'select id, now() as loaded_at from @facts'],
  ['current_user gives another value each time', 'select id, current_user as by from @facts'],
  [
    'recursive CTE',
    'with recursive t as (select id, dim from @facts union all select f.id, t.dim from t join @facts f on f.dim = t.id) select * from t',
  ],
  ['grouping()', 'select dim, n, grouping(dim) as g, count(*) as c from @facts group by rollup (dim, n)'],
  ['a sample gives another value each time', 'select * from (from @facts) using sample 10 rows'],
  ['positional join', 'select f.id, d.k from @facts f positional join @dims d'],
  ['its SELECT reads tables by names other than ref() and source()', 'select main.facts.id from main.facts'],
];

describe('a reason', () => {
  it.each(REBUILT)('is given, with what would help: %s', async (reason, sql) => {
    const plan = await planOf(sql);
    const all = [plan.reason, ...plan.inputs.map(({ whole }) => whole)].filter((one) => one !== null);
    const found = all.find((one) => one.includes(reason));
    expect(found, `${sql}: ${all.join(' | ')}`).toBeDefined();
    expect(hintsOf(found as string)).not.toEqual([]);
    for (const one of all) expect(hintsOf(one), one).not.toEqual([]);
  });

  it('is none for a table that is named by its schema, but for a model, whose place only ref() tells', async () => {
    const named =
      'with facts as (select * from main.FACTS) select f.id, Dims.label from facts f join main.Dims on k = f.dim';
    expect(await planOf(named)).toMatchObject({ strategy: 'recompute keys', upkeep: 'batch', reason: null });
    const model = await planOf('select id from main.before', { before: 'select id from @facts' });
    expect(model.reason).toBe('its SELECT reads tables by names other than ref() and source()');
  });

  it('has nothing to change where it is as declared', () => {
    expect(hintsOf('declared upkeep: compaction')).toEqual([]);
    expect(hintsOf('reads m, which is kept by compaction')).toEqual([]);
  });

  it('without a plan of DuckDB has one, whatever DuckDB says', () => {
    expect(hintsOf('DuckDB gives no plan: Not implemented; see a; b')).toHaveLength(1);
  });

  it('keeps its hint in a sentence about an input, and beside others', () => {
    expect(hintsOf('rebuilt when orders changes: limit')).toEqual([HINTS.limit]);
    expect(hintsOf('limit; the key is unnested')).toEqual([HINTS.limit, HINTS['the key is unnested']]);
  });

  it.each(Object.entries(HINTS))('is in the table of docs/upkeep.md with its hint: %s', (reason, hint) => {
    const page = readFileSync(path.resolve(import.meta.dirname, '../../docs/upkeep.md'), 'utf8');
    const rows = page.split('\n').filter((line) => line.startsWith('| '));
    const row = rows.find((one) => one.startsWith(`| ${reason} |`));
    expect(row).toBeDefined();
    if (hint !== null) expect(row).toContain(`| ${hint} |`);
  });
});
