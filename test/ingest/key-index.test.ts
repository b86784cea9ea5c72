import fc from 'fast-check';
import { expect, test } from 'vitest';
import { KeyIndex } from '../../src/ingest/key-index.ts';

test('gives each key one slot, in the order of arrival, as a Map would', () => {
  fc.assert(
    fc.property(fc.array(fc.maxSafeNat()), fc.array(fc.maxSafeNat()), (keys, others) => {
      const index = new KeyIndex();
      const expected = new Map<number, number>();
      for (const key of keys) {
        if (!expected.has(key)) expected.set(key, expected.size);
        expect(index.add(key)).toBe(expected.get(key));
      }
      expect(index.size).toBe(expected.size);
      for (const [key, slot] of expected) expect([index.find(key), index.key(slot)]).toEqual([slot, key]);
      for (const key of others) expect(index.find(key)).toBe(expected.get(key) ?? -1);
    }),
  );
});

test('keeps its slots while it grows, for keys that are near and far', () => {
  const index = new KeyIndex();
  const keys = Array.from({ length: 100_000 }, (_, i) => (i % 2 === 0 ? i : i * 4_294_967_296 * 7 + (i % 3)));
  const distinct = [...new Set(keys.filter(Number.isSafeInteger))];
  const slots = distinct.map((_, slot) => slot);
  expect(distinct.map((key) => index.add(key))).toEqual(slots);
  expect(distinct.map((key) => index.find(key))).toEqual(slots);
});
