import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { PROMPT_ID_SQL, PromptIds, promptIdOf, sampleHashOf, sampleHashSql } from '../../src/ingest/prompt-id.ts';
import { ScratchReader } from '../../src/warehouse/scratch-reader.ts';
import { text } from '../../src/warehouse/sql.ts';

const reader = await ScratchReader.open();
afterAll(() => reader[Symbol.asyncDispose]());

test('is the same in TypeScript and in SQL', async () => {
  const name = fc.string({ unit: 'binary', maxLength: 60 }).filter((it) => !it.includes('\0'));
  await fc.assert(
    fc.asyncProperty(name, fc.integer(), async (imageName, seed) => {
      const from = `from (select ${text(imageName)} as image_name)`;
      expect(await reader.number(`select ${PROMPT_ID_SQL} ${from}`)).toBe(promptIdOf(imageName));
      expect(await reader.number(`select ${sampleHashSql(seed)} ${from}`)).toBe(sampleHashOf(imageName, seed));
    }),
    { numRuns: 60 },
  );
});

test('stays what it was in the first release', () => {
  expect(promptIdOf('abc')).toBe(8973288294291158);
});

test('a repeated name keeps its id; another name with the same id gets one of its own, the same each time', () => {
  const claim = (): number[] => {
    const ids = new PromptIds();
    return [
      ids.claim('a.png', 7),
      ids.claim('b.png', 7),
      ids.claim('a.png', 7),
      ids.claim('b.png', 7),
      ids.moved,
      ids.repeated,
    ];
  };
  const [a, b, again, bAgain, moved, repeated] = claim();
  expect([a, again, moved, repeated]).toEqual([7, 7, 1, 2]);
  expect(b).toBe(promptIdOf('b.png\n1'));
  expect(bAgain).toBe(b);
  expect(claim()).toEqual([a, b, again, bAgain, moved, repeated]);
});
