import { expect, test } from 'vitest';
import type { Compression } from '../../../src/log/event-log.ts';
import { append, bytes, readFrom, startOf, take } from '../log-fixture.ts';
import type { Subject } from './subject.ts';

export function recordTests(s: Subject): void {
  test('keys, values, nulls, headers and timestamps come back as they were written', async () => {
    const topic = await s.newTopic(1);
    const anyByte = String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i));
    const headers = [
      ['a', bytes('1')],
      ['grüße', bytes(anyByte)],
      ['a', bytes('')],
    ] as const;
    const started = Date.now();
    await append(s.log, topic, [
      ['k1', 'v1', { timestamp: 1_659_312_000_123 }],
      [null, 'no key', { timestamp: 0 }],
      ['k1', null, { timestamp: 1_659_312_000_122 }],
      ['', '', { headers }],
      [anyByte, anyByte.repeat(1000)],
      [null, null],
    ]);
    const read = await readFrom(s.log, startOf(topic, 1), 6);
    expect(read.map((r) => r.offset)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(read.map((r) => r.key)).toEqual(['k1', null, 'k1', '', anyByte, null]);
    expect(read.map((r) => r.value)).toEqual(['v1', 'no key', null, '', anyByte.repeat(1000), null]);
    expect(read.slice(0, 3).map((r) => r.timestamp)).toEqual([1_659_312_000_123, 0, 1_659_312_000_122]);
    for (const record of read.slice(3)) {
      expect(record.timestamp).toBeGreaterThanOrEqual(started);
      expect(record.timestamp).toBeLessThanOrEqual(Date.now());
    }
    expect(read.map((r) => r.headers.length)).toEqual([0, 0, 0, 3, 0, 0]);
    expect(read[3]?.headers).toEqual([
      ['a', '1'],
      ['grüße', anyByte],
      ['a', ''],
    ]);
  });

  test.each<Compression>(['none', 'gzip', 'snappy', 'lz4', 'zstd'])('codec %s carries every record', async (codec) => {
    const topic = await s.newTopic(1);
    const values = Array.from({ length: 3000 }, (_, i) => `value ${i} `.repeat(1 + (i % 40)));
    {
      await using writer = await s.log.write({ compression: codec });
      for (const [i, value] of values.entries()) {
        writer.add(topic, bytes(`k${i}`), bytes(value));
        if (i % 700 === 0) await writer.flush();
      }
    }
    const read = await readFrom(s.log, startOf(topic, 1), values.length);
    expect(read.map((r) => r.value)).toEqual(values);
    expect(read.map((r) => r.offset)).toEqual(values.map((_, i) => i));
  });

  test('a value larger than a block comes whole', async () => {
    const topic = await s.newTopic(1);
    const large = 'x'.repeat(300_000);
    await append(s.log, topic, [
      ['a', 'small'],
      ['b', large],
      ['c', 'small'],
    ]);
    await using reader = await s.log.read(startOf(topic, 1), { maxBytesPerPartition: 10_000 });
    const values = (await take(reader, 3)).map((r) => r.value);
    expect(values.map((value) => value?.length)).toEqual([5, large.length, 5]);
    expect(values[1]).toBe(large);
  });
}
