import { it } from 'vitest';
import { REFRESHES, refreshUnderLoad } from './refresh-under-load.ts';
import { SHOP, Workshop } from './workshop.ts';

it(`${REFRESHES} refreshes under live load: readers see whole versions only, and nothing is lost`, async () => {
  await using workshop = await Workshop.of(SHOP);
  await refreshUnderLoad(workshop, workshop.log);
}, 3_600_000);
