import path from 'node:path';
import { expect, it } from 'vitest';
import { consume } from '../../../src/materializer/consume.ts';
import type { Edition } from '../../../src/materializer/edition.ts';
import { BlankEdition } from '../../../src/materializer/unit-tests/blank-edition.ts';
import { qualified } from '../../../src/warehouse/sql.ts';
import { customer, order } from '../changed-shop.ts';
import { SHOP, Workshop } from '../workshop.ts';

/** All rows of all tables, ours among them. */
async function everything(edition: Edition): Promise<Record<string, string[]>> {
  using connection = await edition.warehouse.connect();
  const tables = await connection.rows<{ schema: string; name: string }>(
    'select schema_name as schema, table_name as name from duckdb_tables() where database_name = current_database() and not temporary',
  );
  const found: Record<string, string[]> = {};
  for (const { schema, name } of tables) {
    const rows = await connection.rows<{ row: string }>(
      `select to_json(t)::varchar as row from ${qualified(schema, name)} t`,
    );
    found[`${schema}.${name}`] = rows.map(({ row }) => row).sort();
  }
  return found;
}

it.each(['fold', 'bulk'])('an edition is blank again after all that a replay leaves in it: %s', async (mode) => {
  await using workshop = await Workshop.of(SHOP);
  const { project, catalog, log } = workshop;
  const warehouse = { threads: 1, inMemory: true };
  await using blank = await BlankEdition.open(path.join(workshop.dir, 'blank.duckdb'), { project, catalog, warehouse });
  const edition = await blank.blank();
  const first = await everything(edition);
  await workshop.publish([order(1, 'k1', 'a'), order(2, 'k2'), customer('k1'), { topic: 'orders', garbage: 'AAAA' }]);
  const replay = async (): Promise<Record<string, string[]>> => {
    await consume(edition, {
      log,
      catalog,
      batch: { maxRecords: 1000, maxMilliseconds: 50 },
      bulk: { lagRecords: 1_000_000 },
      until: await log.offsets(catalog.contracts.map(({ name }) => name)),
      signal: new AbortController().signal,
      alwaysBulk: mode === 'bulk',
      exclusive: (work) => work(),
      onEvent: () => {},
    });
    await edition.compaction.run(false);
    await edition.recordCompaction(1, false);
    return everything(edition);
  };
  const steady = (all: Record<string, string[]>): string =>
    JSON.stringify(all).replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[.\d]*|milliseconds\\":[\d.]+/g, '');
  const after = await replay();
  expect(after['main.fct_orders']).toHaveLength(2);
  expect(after['lens.dead_letters']).toHaveLength(1);
  await blank.blank();
  expect(await everything(edition)).toEqual(first);
  const again = await replay();
  expect(steady({ ...again, 'lens.model_costs': [] })).toEqual(steady({ ...after, 'lens.model_costs': [] }));
});
