import { describe, expect, it } from 'vitest';
import { withoutLayout } from '../../src/project/sql-layout.ts';
import { PlanCatalog } from '../../src/warehouse/plan-catalog.ts';

/** DuckDB's tree of a text, places aside; null where there is none. */
async function treeOf(catalog: PlanCatalog, sql: string): Promise<string | null> {
  const tree = await catalog.parsed(sql);
  return tree === null ? null : JSON.stringify(tree, (key, value: unknown) => (key === 'query_location' ? 0 : value));
}

const TEXTS = [
  'select a, -- the first\n  b from t',
  '\n\n  select /* a /* b */ c */ 1 -- end',
  `select 'it''s -- no comment', "a /* b" from t`,
  `select 'a'\n  'b'`,
  `select 'a' -- joined\n 'b'`,
  `select E'a\\'b -- c', e'x' || 'y  z', date'2026-01-01', x'61'`,
  'select $$a -- b$$, $x$ $$ /* $x$ -- c',
  'select a$b, a -- $$\n from (select 1 as a$b, 2 as a) -- $$',
  'select 1 as é$x$ --$x$\n',
  'select 1--2\n',
  'select 4 - -2, 4 /*x*/ / /*y*/ 2, 1.5, .5 + 1., 1e3, a.b, t . c[1:2], {k: 1}',
  "select x::int, a->>'b', a<-1, a<>-1, a*-1, -a, list_transform(l, lambda x: x+1), *, t.* exclude(a) from t",
];
const BROKEN = ["select '", 'select -- a comment to the end', 'select 1 -- \r + +'];

describe('SQL without its layout', () => {
  it.each(TEXTS)('means the same: %j', async (sql) => {
    await using catalog = await PlanCatalog.open();
    const tree = await treeOf(catalog, sql);
    expect(tree).not.toBeNull();
    expect(await treeOf(catalog, withoutLayout(sql))).toBe(tree);
  });

  it.each(BROKEN)('stays broken: %j', async (sql) => {
    await using catalog = await PlanCatalog.open();
    expect([await treeOf(catalog, sql), await treeOf(catalog, withoutLayout(sql))]).toEqual([null, null]);
  });

  it('is one text for texts that differ only in it', () => {
    const texts = ['select a,b+1 from t', ' select a, b + 1\n\n from  t -- x', 'select a,b+1/* x */from t'];
    expect(new Set(texts.map(withoutLayout)).size).toBe(1);
  });

  it('tells apart what is not layout', () => {
    const pairs = [
      ["select 'a  b'", "select 'a b'"],
      ['select "a  b"', 'select "a b"'],
      ["select 'a --b'", "select 'a'"],
      ['select $$a\n$$', 'select $$a$$'],
      ['select a b', 'select ab'],
      ["select x'61'", "select x '61'"],
    ];
    for (const [one = '', other = ''] of pairs) expect(withoutLayout(one)).not.toBe(withoutLayout(other));
  });
});
