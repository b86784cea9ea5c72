import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import * as varint from '../../src/log/varint.ts';

const buffer = new Uint8Array(16);

test('any 32-bit number comes back and takes the bytes foretold', () => {
  fc.assert(
    fc.property(fc.integer(), (value) => {
      const end = varint.writeVarint(buffer, 2, value);
      expect(end - 2).toBe(varint.varintSize(value));
      expect(varint.readVarint(buffer, 2)).toBe(value);
      expect(varint.varintEnd).toBe(end);
      expect(varint.readVarlong(buffer, 2)).toBe(value);
    }),
  );
});

test('any number within 2^52 comes back as a 64-bit one', () => {
  fc.assert(
    fc.property(fc.integer({ min: -(2 ** 52), max: 2 ** 52 }), (value) => {
      const end = varint.writeVarlong(buffer, 0, value);
      expect(end).toBe(varint.varlongSize(value));
      expect(varint.readVarlong(buffer, 0)).toBe(value);
      expect(varint.varintEnd).toBe(end);
    }),
  );
});

test.each([
  [0, [0]],
  [-1, [1]],
  [1, [2]],
  [63, [126]],
  [64, [128, 1]],
  [300, [216, 4]],
])('%d is written as Kafka writes it', (value, expected) => {
  const end = varint.writeVarint(buffer, 0, value);
  expect([...buffer.subarray(0, end)]).toEqual(expected);
});
