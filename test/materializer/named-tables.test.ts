import { expect, it } from 'vitest';
import { changedShop, customer, order } from './changed-shop.ts';
import { differences, plansFor, Workshop } from './workshop.ts';

it('tables that a model, or a view it reads, names by their schema are followed by keys', async () => {
  const view = `{{ config(materialized='view') }}
with raw_customers as (select * from main.raw_customers) select customer_id, upper(country) as country from raw_customers`;
  const model = `select raw_orders.order_id, c.country, count(*) over (partition by raw_orders.order_id) as n
from Main.Raw_Orders left join {{ ref('named_customers') }} c using (customer_id)`;
  const dir = changedShop({ 'models/marts/named_customers.sql': view, 'models/marts/named_orders.sql': model });
  await using workshop = await Workshop.of(dir);
  await using materializer = await workshop.open();
  const same = async (...happenings: Parameters<Workshop['publish']>[0]): Promise<unknown> => {
    await workshop.publish(happenings);
    await materializer.run({});
    expect(await differences(materializer, workshop.project, ['batch', 'compaction'])).toEqual([]);
    return (await materializer.query('select order_id, country from named_orders order by all')).rows;
  };
  expect(await same(order(1, 'k1'), order(2, 'k2'), customer('k1'))).toEqual([
    [1, 'DE'],
    [2, null],
  ]);
  expect(await same(customer('k2', 'fr'), order(1, 'k2'), { topic: 'customers', key: 'k1', value: null })).toEqual([
    [1, 'FR'],
    [2, 'FR'],
  ]);
  const plan = (await plansFor(workshop.project)).find((one) => one.model === 'named_orders');
  expect(plan).toMatchObject({ upkeep: 'batch', reason: null });
});
