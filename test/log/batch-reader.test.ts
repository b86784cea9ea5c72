import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BatchBuilder } from '../../src/log/batch-builder.ts';
import type { BatchFields } from '../../src/log/batch-builder.ts';
import { BatchReader } from '../../src/log/batch-reader.ts';
import { crc32c } from '../../src/log/crc32c.ts';
import type { Compression } from '../../src/log/event-log.ts';
import { LensError } from '../../src/core/errors.ts';
import { bytes, recordsOf, text } from './log-fixture.ts';
import type { ReadRecord } from './log-fixture.ts';

const CODECS: readonly Compression[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];

interface Given {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly timestamp: number;
  readonly headers: readonly [string, Uint8Array][];
}

const timestamps = fc.oneof(fc.integer({ min: -1, max: 2 ** 48 }), fc.integer({ min: 1.7e12, max: 1.7e12 + 1000 }));
const record: fc.Arbitrary<Given> = fc.record({
  key: fc.option(fc.uint8Array({ maxLength: 100 })),
  value: fc.option(fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ minLength: 9000, maxLength: 9000 }))),
  timestamp: timestamps,
  headers: fc.array(fc.tuple(fc.string({ unit: 'grapheme', maxLength: 9 }), fc.uint8Array({ maxLength: 200 })), {
    maxLength: 3,
  }),
});
const batch = fc.record({
  codec: fc.constantFrom(...CODECS),
  gap: fc.nat(3),
  records: fc.array(record, { minLength: 1, maxLength: 30 }),
});

function build(codec: Compression, records: readonly Given[], fields: BatchFields): Uint8Array {
  const builder = new BatchBuilder(codec);
  for (const { key, value, timestamp, headers } of records) builder.add(key, value, timestamp, headers);
  expect(builder.count).toBe(records.length);
  return builder.finish(fields);
}

/** Batches one after the other, with gaps of offsets between them, and the records that reading should give. */
function lay(batches: readonly { codec: Compression; gap: number; records: readonly Given[] }[]) {
  const parts: Uint8Array[] = [];
  const expected: ReadRecord[] = [];
  let offset = 0;
  for (const { codec, gap, records } of batches) {
    offset += gap;
    parts.push(build(codec, records, { baseOffset: offset }));
    for (const { key, value, timestamp, headers } of records) {
      const texts = headers.map(([name, bytes]) => [name, text(bytes) ?? ''] as const);
      expected.push({ partition: 3, offset: offset++, timestamp, key: text(key), value: text(value), headers: texts });
    }
  }
  return { set: Buffer.concat(parts), parts, expected, end: offset };
}

function plain(values: readonly string[], fields: BatchFields = {}, codec: Compression = 'none'): Uint8Array {
  const records = values.map((value) => ({ key: null, value: bytes(value), timestamp: 1000, headers: [] }));
  return build(codec, records, fields);
}

/** Changes a batch behind its checksum and mends the checksum. */
function altered(batch: Uint8Array, change: (view: DataView) => void): Uint8Array {
  const copy = batch.slice();
  const view = new DataView(copy.buffer);
  change(view);
  view.setUint32(17, crc32c(copy, 21, copy.length));
  return copy;
}

function readValues(set: Uint8Array, from = 0, aborted?: { producerId: bigint; firstOffset: number }[]) {
  return recordsOf(new BatchReader('t', 3).read(set, 0, set.length, from, aborted)).map((r) => r.value);
}

describe('what the builder builds the reader reads', () => {
  const reader = new BatchReader('t', 3);

  test('any records, codecs, gaps, start offsets and places in the input', () => {
    fc.assert(
      fc.property(fc.array(batch, { minLength: 1, maxLength: 5 }), fc.nat(80), fc.nat(7), (batches, from, shift) => {
        const { set, expected, end } = lay(batches);
        const input = Buffer.concat([Buffer.alloc(shift, 255), set, Buffer.alloc(3, 255)]);
        const block = reader.read(input, shift, shift + set.length, from);
        expect([block.topic, block.partition, block.nextOffset]).toEqual(['t', 3, Math.max(from, end)]);
        expect(recordsOf(block)).toEqual(expected.filter((r) => r.offset >= from));
      }),
      { numRuns: 200 },
    );
  });

  test('an input cut anywhere gives exactly its whole batches', () => {
    fc.assert(
      fc.property(
        fc.array(batch, { minLength: 1, maxLength: 4 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (batches, cut) => {
          const { set, parts, expected } = lay(batches);
          const end = Math.floor(cut * set.length);
          let whole = 0;
          let at = 0;
          for (const [i, part] of parts.entries())
            if ((at += part.length) <= end) whole += batches[i]?.records.length ?? 0;
          const block = reader.read(set, 0, end, 0);
          expect(recordsOf(block)).toEqual(expected.slice(0, whole));
          expect(block.nextOffset).toBe(whole === 0 ? 0 : (expected[whole - 1]?.offset ?? 0) + 1);
        },
      ),
    );
  });
});

describe('damage is LOG_CORRUPT, never another record', () => {
  test('any changed byte', () => {
    fc.assert(
      fc.property(batch, batch, fc.nat(), fc.integer({ min: 1, max: 255 }), (one, two, place, flip) => {
        const { set, expected } = lay([one, { ...two, gap: 0 }]);
        const damaged = Buffer.from(set);
        const at = place % set.length;
        damaged[at] = (damaged[at] as number) ^ flip;
        const found = attempt(() => recordsOf(new BatchReader('t', 3).read(damaged, 0, damaged.length, 0)));
        if (found === undefined) return;
        // Outside the checksum lie only base offset, length and leader epoch: the records of a batch stay themselves.
        const content = (found: ReadRecord) => ({ ...found, offset: 0 });
        expect(found.map(content)).toEqual(expected.slice(0, found.length).map(content));
      }),
      { numRuns: 250 },
    );
  });

  test('any bytes behind a right checksum end in records or LOG_CORRUPT', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 120 }),
        fc.integer({ min: -1, max: 40 }),
        fc.nat(7),
        (body, count, codec) => {
          const raw = new Uint8Array(61 + body.length);
          raw.set(plain(['x']).subarray(0, 61));
          raw.set(body, 61);
          const set = altered(raw, (view) => {
            view.setInt32(8, raw.length - 12);
            view.setInt16(21, codec);
            view.setInt32(23, 1000);
            view.setInt32(57, count);
          });
          const found = attempt(() => recordsOf(new BatchReader('t', 3).read(set, 0, set.length, 0)));
          if (found !== undefined) expect(found.length).toBe(Math.max(count, 0));
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('random bytes end in nothing or LOG_CORRUPT', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (garbage) => {
        const found = attempt(() => new BatchReader('t', 3).read(garbage, 0, garbage.length, 5));
        if (found !== undefined) expect([found.count, found.nextOffset]).toEqual([0, 5]);
      }),
      { numRuns: 1000 },
    );
  });

  test.each([0, 1])('message format %d is refused with a hint', (magic) => {
    const set = plain(['x']);
    set[16] = magic;
    expect(() => readValues(set)).toThrow(
      expect.objectContaining({
        code: 'LOG_CORRUPT',
        message: expect.stringContaining(`format ${magic}`),
        hint: expect.any(String),
      }),
    );
  });

  test('the place is named', () => {
    const set = plain(['x'], { baseOffset: 42 });
    set[60] = 9;
    expect(() => readValues(set)).toThrow(expect.objectContaining({ code: 'LOG_CORRUPT', place: 't/3@42' }));
  });

  test('fewer or more records than the header says', () => {
    for (const count of [1, 3]) {
      const set = altered(plain(['a', 'b']), (view) => view.setInt32(57, count));
      expect(() => readValues(set)).toThrow(expect.objectContaining({ code: 'LOG_CORRUPT' }));
    }
  });

  test('offsets that go back', () => {
    const set = Buffer.concat([plain(['a', 'b'], { baseOffset: 10 }), plain(['c'], { baseOffset: 11 })]);
    expect(() => readValues(set)).toThrow(expect.objectContaining({ code: 'LOG_CORRUPT' }));
  });
});

describe('what a broker may send', () => {
  const inTransaction = (values: string[], baseOffset: number, producerId: bigint) =>
    altered(plain(values, { baseOffset, producerId, producerEpoch: 0, baseSequence: 0 }), (view) =>
      view.setInt16(21, 16),
    );
  /** Control record: key int16 version 0, int16 type (0 abort, 1 commit); value int16 version, int32 coordinator epoch. */
  const marker = (type: 0 | 1, baseOffset: number, producerId: bigint) => {
    const key = Uint8Array.from([0, 0, 0, type]);
    const batch = build('none', [{ key, value: new Uint8Array(6), timestamp: 5, headers: [] }], {
      baseOffset,
      producerId,
    });
    return altered(batch, (view) => view.setInt16(21, 16 | 32));
  };

  test('aborted transactions are left out, committed ones between them stay', () => {
    const set = Buffer.concat([
      inTransaction(['aborted 7'], 0, 7n),
      inTransaction(['committed 8'], 1, 8n),
      plain(['outside'], { baseOffset: 2, producerId: 7n }),
      inTransaction(['aborted 7 too'], 3, 7n),
      marker(0, 4, 7n),
      inTransaction(['committed 7'], 5, 7n),
      marker(1, 6, 8n),
      inTransaction(['aborted 8'], 7, 8n),
      marker(1, 8, 7n),
      marker(0, 9, 8n),
    ]);
    const aborted = [
      { producerId: 8n, firstOffset: 7 },
      { producerId: 7n, firstOffset: 0 },
    ];
    expect(readValues(set, 0, aborted)).toEqual(['committed 8', 'outside', 'committed 7']);
    expect(readValues(set, 3, aborted)).toEqual(['committed 7']);
    expect(new BatchReader('t', 3).read(set, 0, set.length, 0, aborted).nextOffset).toBe(10);
  });

  test('control batches give no records but move the position', () => {
    const set = marker(1, 4, 7n);
    const block = new BatchReader('t', 3).read(set, 0, set.length, 4);
    expect([block.count, block.nextOffset]).toEqual([0, 5]);
  });

  test('a batch emptied by compaction gives no records but moves the position', () => {
    const set = altered(plain(['x', 'y', 'z']).slice(0, 61), (view) => {
      view.setInt32(8, 49);
      view.setInt32(57, 0);
    });
    const block = new BatchReader('t', 3).read(set, 0, set.length, 0);
    expect([block.count, block.nextOffset]).toEqual([0, 3]);
  });

  test('log append time replaces the records own times', () => {
    const set = altered(plain(['x', 'y']), (view) => {
      view.setInt16(21, 8);
      view.setBigInt64(35, 777n);
    });
    const block = new BatchReader('t', 3).read(set, 0, set.length, 0);
    expect([...block.timestamp.subarray(0, 2)]).toEqual([777, 777]);
  });

  test('offsets further apart than 32 bits come in two blocks', () => {
    const far = 3 * 2 ** 31;
    const set = Buffer.concat([plain(['near']), plain(['far'], { baseOffset: far })]);
    const reader = new BatchReader('t', 3);
    const first = reader.read(set, 0, set.length, 0);
    expect([first.count, first.offset(0), first.nextOffset]).toEqual([1, 0, 1]);
    const second = reader.read(set, 0, set.length, 1);
    expect([second.count, second.offset(0), second.nextOffset]).toEqual([1, far, far + 1]);
  });

  test('producer fields stand where Kafka has them', () => {
    const set = plain(['x', 'y'], { producerId: 5n, producerEpoch: 6, baseSequence: 7, baseOffset: 8 });
    const view = new DataView(set.buffer);
    expect([view.getBigInt64(0), view.getInt32(8), view.getInt8(16)]).toEqual([8n, set.length - 12, 2]);
    expect([view.getBigInt64(43), view.getInt16(51), view.getInt32(53)]).toEqual([5n, 6, 7]);
    expect([view.getInt32(23), view.getInt32(57)]).toEqual([1, 2]);
  });
});

/** The result, or undefined after LOG_CORRUPT; anything else thrown fails the test. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof LensError && error.code === 'LOG_CORRUPT') return undefined;
    throw error;
  }
}
