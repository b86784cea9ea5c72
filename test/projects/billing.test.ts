import { describeLaws } from '../materializer/laws.ts';
import { fixture } from '../materializer/workshop.ts';
import { histories } from './story.ts';
import { billing } from './tales/billing.ts';

describeLaws('subscription billing', {
  projectDir: fixture('billing'),
  histories: (catalog) => histories(catalog, billing),
  runs: 3,
  take: 30,
});
