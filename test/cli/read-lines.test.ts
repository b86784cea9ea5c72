import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readLines } from '../../src/cli/read-lines.ts';

async function* inChunks(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let at = 0;
  for (let i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

async function linesOf(bytes: Uint8Array, sizes: readonly number[]): Promise<string[]> {
  const lines: string[] = [];
  for await (const { text, number } of readLines(inChunks(bytes, sizes), 'here')) {
    lines.push(text);
    expect(number).toBe(lines.length);
  }
  return lines;
}

test('the cuts of the stream do not matter, and only line feeds end a line', async () => {
  const line = fc.string({ unit: 'grapheme' }).filter((text) => !/[\r\n]/.test(text) && !text.startsWith('\uFEFF'));
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { minLength: 1 }),
      fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
      fc.constantFrom('\n', '\r\n'),
      async (lines, sizes, end) => {
        const bytes = Buffer.from(lines.map((text) => text + end).join(''));
        expect(await linesOf(bytes, sizes)).toEqual(lines);
      },
    ),
    { numRuns: 200 },
  );
});

test('the last line needs no line feed, U+2028 is no line end, a byte order mark goes', async () => {
  expect(await linesOf(Buffer.from('\uFEFFa\u2028b\nc'), [2])).toEqual(['a\u2028b', 'c']);
});

test('bytes that are not UTF-8 are refused with their line', async () => {
  const bytes = Buffer.concat([Buffer.from('good\n'), Buffer.from([0xff, 0x0a])]);
  await expect(linesOf(bytes, [3])).rejects.toMatchObject({ code: 'INPUT_INVALID', place: 'here:2' });
});
