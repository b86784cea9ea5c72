import { expect, it } from 'vitest';
import { planOf } from './plan-of.ts';

// as dbt_utils.union_relations writes where a row is from
const UNION = `select cast('@facts' as text) as source, id from @facts union all select cast('@grown' as text), id from @grown`;

it('texts that name a relation are those of a full build, whatever names upkeep reads by', async () => {
  const plan = await planOf(UNION);
  expect(plan.fullSql).toContain(`'"warehouse"."main"."facts"'`);
  expect(plan.bareSql).toContain(`cast('"warehouse"."main"."facts"' as text) as source, id from "lens main.facts"`);
  expect(plan.bareSql).toContain(`cast('"warehouse"."main"."grown"' as text), id from "lens main.grown"`);
});

it('an apostrophe in a comment begins no text', async () => {
  const plan = await planOf(`-- the shop's facts, in "quotes'\nselect '@facts' as source, id /* it's */ from @facts`);
  expect(plan.bareSql).toContain(`select '"warehouse"."main"."facts"' as source, id /* it's */ from "lens main.facts"`);
});

it('so are those of views below', async () => {
  const view = "{{ config(materialized='view') }}select '@facts' as source, id from @facts";
  const plan = await planOf("select *, '#v' as through from #v where id > 0", { v: view });
  expect(plan.bareSql).toContain(`select '"warehouse"."main"."facts"' as source, id from "lens main.facts"`);
  expect(plan.bareSql).toContain(`'"warehouse"."main"."v"' as through from "lens main.v"`);
});

it('a text made of a name in another way, too', async () => {
  const plan = await planOf(
    "select '{{ source('main', 'facts') | string | replace('\"', '') }}' as source, id from @facts",
  );
  expect(plan).toMatchObject({ strategy: 'recompute keys' });
  expect(plan.bareSql).toContain(`select 'warehouse.main.facts' as source, id from "lens main.facts"`);
});
