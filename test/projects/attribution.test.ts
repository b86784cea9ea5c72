import { describeLaws } from '../materializer/laws.ts';
import { fixture } from '../materializer/workshop.ts';
import { histories } from './story.ts';
import { attribution } from './tales/attribution.ts';

describeLaws('web attribution', {
  projectDir: fixture('attribution'),
  histories: (catalog) => histories(catalog, attribution),
  runs: 3,
  take: 30,
});
