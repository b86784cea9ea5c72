/**
 * Fills a warehouse of a fixture project from made-up histories, batch by batch, for comparing it with what dbt builds:
 *
 *   node test/projects/build-warehouse.ts PROJECT DATA_DIR
 */
import path from 'node:path';
import fc from 'fast-check';
import { fixture, Workshop } from '../materializer/workshop.ts';
import { histories, type Tale } from './story.ts';
import { attribution } from './tales/attribution.ts';
import { billing } from './tales/billing.ts';
import { logistics } from './tales/logistics.ts';
import { shop } from './tales/shop.ts';

const TALES: Readonly<Record<string, Tale>> = { attribution, billing, logistics, shop };

const [name = '', dataDir = ''] = process.argv.slice(2);
const tale = TALES[name];
if (tale === undefined || dataDir === '') {
  throw new Error(`usage: build-warehouse.ts ${Object.keys(TALES).join('|')} DATA_DIR`);
}
await using workshop = await Workshop.of(fixture(name));
await using materializer = await workshop.open({ dataDir: path.resolve(dataDir) });
for (const history of fc.sample(histories(workshop.catalog, tale), { numRuns: 4, seed: 1 })) {
  await workshop.publish(history);
  await materializer.catchUp();
}
await materializer.run({});
