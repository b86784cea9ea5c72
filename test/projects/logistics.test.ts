import { describeLaws } from '../materializer/laws.ts';
import { fixture } from '../materializer/workshop.ts';
import { histories } from './story.ts';
import { logistics } from './tales/logistics.ts';

describeLaws('logistics', {
  projectDir: fixture('logistics'),
  histories: (catalog) => histories(catalog, logistics),
  runs: 3,
  take: 30,
});
