import { describeLaws } from './laws.ts';
import { histories } from './random-history.ts';
import { SHIPPED, SHOP } from './workshop.ts';

const random = { histories: (catalog: Parameters<typeof histories>[0]) => histories(catalog, 50), take: 15 };

describeLaws('the shipped project', { ...random, projectDir: SHIPPED, runs: 6 });
describeLaws('the shop', { ...random, projectDir: SHOP, runs: 12 });
