import { expect, it } from 'vitest';
import { differences, SHOP, Workshop } from './workshop.ts';

const ORDERS = 110_000;

function customer(country: string) {
  return {
    topic: 'customers',
    key: 'k1',
    value: { customer_id: 'k1', name: 'Ada', country, joined_on: '2026-01-01' },
  };
}

async function publishOrders(workshop: Workshop): Promise<void> {
  const json = workshop.catalog.json('orders');
  const value = {
    order_id: 0,
    customer_id: 'k1',
    ordered_at: '2026-03-01T00:00:00Z',
    status: 'paid',
    quantity: 1,
    price: '2.00',
    note: null,
  };
  await using writer = await workshop.log.write();
  for (let id = 1; id <= ORDERS; id++) {
    const encoded = await json.encode(undefined, { ...value, order_id: id });
    writer.add('orders', encoded.key, encoded.value, { timestamp: 1000 });
  }
  await writer.flush();
}

it('rebuilds the models of which a batch touches most keys, and says so', { timeout: 120_000 }, async () => {
  await using workshop = await Workshop.of(SHOP);
  await using materializer = await workshop.open({ batch: { maxRecords: 50_000, maxMilliseconds: 5000 } });
  await workshop.publish([customer('de')]);
  await publishOrders(workshop);
  await materializer.run({});
  const before = workshop.events.length;
  await workshop.publish([customer('fr')]);
  await materializer.catchUp();
  const [batch, rebuild, ...others] = workshop.events.slice(before);
  expect(batch).toMatchObject({ kind: 'batch', mode: 'fold', records: 1 });
  expect(rebuild).toMatchObject({
    kind: 'rebuild',
    reason: `a batch touched ${ORDERS} keys of the ${ORDERS} rows of fct_orders`,
  });
  expect(rebuild?.kind === 'rebuild' && rebuild.models).toContain('fct_orders');
  expect(others).toEqual([]);
  expect(await differences(materializer, workshop.project, ['batch'])).toEqual([]);
  await materializer.compact({ full: false });
  expect(await differences(materializer, workshop.project, ['batch', 'compaction'])).toEqual([]);
  const counted = await materializer.query("select count(*) from fct_orders where lower(country) = 'fr'");
  expect(counted.rows).toEqual([[ORDERS]]);
});
