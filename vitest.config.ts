import { defineConfig } from 'vitest/config';

// Nothing may depend on the machine's time zone, so the tests run in one that is never UTC's day or hour.
process.env['TZ'] = 'Pacific/Chatham';

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
