import { it } from 'vitest';
import { runProperty } from './generated/property.ts';

const RUNS = Number(process.env['LENS_LANDING_RUNS'] ?? 30);

it(
  `keeps generated projects equal to their SQL by way of topics, restarts and bulk (${RUNS} histories)`,
  { timeout: 7_200_000 },
  async () => {
    await runProperty('landing', { runs: RUNS });
  },
);
