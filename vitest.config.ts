import path from 'node:path';
import { defineConfig } from 'vitest/config';

// Nothing may depend on the machine's time zone, so the tests run in one that is never UTC's day or hour.
process.env['TZ'] = 'Pacific/Chatham';
// Programs in TypeScript that tests start need not have their types stripped each time, as bin/lens.mjs does it.
process.env['NODE_COMPILE_CACHE'] ??= path.join(import.meta.dirname, 'node_modules/.cache/lens');

/** Tests that start nothing and change nothing around them: they share a worker, with what it has imported. */
const SHARED = ['project', 'topics', 'core', 'warehouse'].map((folder) => `test/${folder}/**/*.test.ts`);

const TESTS = ['test/**/*.test.ts'];
const FOLDER = 'test/one-temp-folder.ts';

export default defineConfig({
  test: {
    projects: [
      { extends: true, test: { name: 'shared', include: SHARED, isolate: false, globalSetup: [FOLDER] } },
      // The folder first: it goes last.
      {
        extends: true,
        test: { name: 'own', include: TESTS, exclude: SHARED, globalSetup: [FOLDER, 'test/kafka/global-setup.ts'] },
      },
    ],
    // Two cores: DuckDB, Kafka and the tests share them.
    maxWorkers: 2,
    maxConcurrency: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
