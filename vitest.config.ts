import path from 'node:path';
import { defineConfig } from 'vitest/config';

// Nothing may depend on the machine's time zone, so the tests run in one that is never UTC's day or hour.
process.env['TZ'] = 'Pacific/Chatham';
// Programs in TypeScript that tests start need not have their types stripped each time, as bin/lens.mjs does it.
process.env['NODE_COMPILE_CACHE'] ??= path.join(import.meta.dirname, 'node_modules/.cache/lens');

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // The folder first: it goes last.
    globalSetup: ['test/one-temp-folder.ts', 'test/kafka/global-setup.ts'],
    // Two cores: DuckDB, Kafka and the tests share them.
    maxWorkers: 2,
    maxConcurrency: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
