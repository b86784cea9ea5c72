import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { crc32c } from '../../src/log/crc32c.ts';

/** The definition, bit by bit. */
function slow(bytes: Uint8Array): number {
  let c = 0xffffffff;
  for (const byte of bytes) {
    c ^= byte;
    for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0x82f63b78 : c >>> 1;
  }
  return ~c >>> 0;
}

test('the check values of RFC 3720', () => {
  const sum = (bytes: Uint8Array) => crc32c(bytes, 0, bytes.length);
  expect(sum(Buffer.from('123456789'))).toBe(0xe3069283);
  expect(sum(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(sum(new Uint8Array(32).fill(255))).toBe(0x62a8ab43);
  expect(sum(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
});

test('equals the definition for any bytes, place and alignment', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(20), fc.nat(20), (body, before, after) => {
      const bytes = new Uint8Array(before + body.length + after).fill(7);
      bytes.set(body, before);
      expect(crc32c(bytes, before, before + body.length)).toBe(slow(body));
      expect(crc32c(bytes.subarray(before), 0, body.length)).toBe(slow(body));
    }),
    { numRuns: 300 },
  );
});
