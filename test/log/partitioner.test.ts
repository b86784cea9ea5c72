import { expect, test } from 'vitest';
import { murmur2, partitionOf } from '../../src/log/partitioner.ts';

/** From org.apache.kafka.common.utils.UtilsTest.testMurmur2. */
test.each([
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
])('murmur2 of %s as in the Java client', (key, hash) => {
  expect(murmur2(Buffer.from(key))).toBe(hash);
  for (const partitions of [1, 3, 12]) {
    expect(partitionOf(Buffer.from(key), partitions)).toBe((hash & 0x7fffffff) % partitions);
  }
});
