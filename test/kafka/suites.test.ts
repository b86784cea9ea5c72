import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const TESTS = join(import.meta.dirname, '..');

test('suites.txt names every suite on a real broker: .ci/run fails when one of them did not run', () => {
  const listed = readFileSync(join(import.meta.dirname, 'suites.txt'), 'utf8')
    .trim()
    .split('\n');
  const written = globSync('**/*.test.ts', { cwd: TESTS }).flatMap((file) =>
    [...readFileSync(join(TESTS, file), 'utf8').matchAll(/^(?:kafkaSuite|ownBrokerSuite)\(\s*(['"`])(.+?)\1/gm)].map(
      ([, , name]) => name,
    ),
  );
  expect(listed).toEqual(written.toSorted());
});
