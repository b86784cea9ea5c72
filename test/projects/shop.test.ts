import { describeLaws } from '../materializer/laws.ts';
import { fixture } from '../materializer/workshop.ts';
import { histories } from './story.ts';
import { shop } from './tales/shop.ts';

describeLaws('the shop, as it happens', {
  projectDir: fixture('shop'),
  histories: (catalog) => histories(catalog, shop),
  runs: 4,
  take: 30,
});
