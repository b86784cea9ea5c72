import path from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseRecordLine } from '../../src/cli/record-line.ts';
import { loadTopics } from '../../src/topics/catalog.ts';
import { SHOP } from './shop.ts';

const shop = loadTopics(SHOP);
const shipped = loadTopics(path.join(import.meta.dirname, '../..'));
const topics = [shop.json('customers'), shop.json('orders'), shipped.json('prompt_enrichments'), shipped.json('users')];

const text = fc.string({ unit: 'binary', maxLength: 12 });
const bytes = fc.oneof(
  fc.constant(null),
  fc.constant(Buffer.alloc(0)),
  fc.uint8Array({ maxLength: 20 }).map((array) => Buffer.from(array)),
  // Bytes that may be a record: the wire format's magic byte and a small schema id before them.
  fc.tuple(fc.nat(8), fc.uint8Array({ maxLength: 40 })).map(([id, rest]) => Buffer.from([0, 0, 0, 0, id, ...rest])),
  text.map((key) => Buffer.from(key)),
  fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }).map((n) => Buffer.from(String(n))),
  fc.tuple(fc.nat(), fc.constantFrom('llm', 'image', 'x')).map((key) => Buffer.from(JSON.stringify(key))),
);

test('what consume prints of any record, produce makes the same record of', async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...topics), bytes, bytes, async (json, key, value) => {
      const printed = JSON.stringify({ partition: 0, offset: 7, timestamp: null, ...json.decode(key, value) });
      const record = await parseRecordLine(printed, json, 1);
      expect(record.key === null ? null : Buffer.from(record.key)).toEqual(key);
      // Avro has several spellings of some values; what they say is the same.
      expect(json.decode(record.key, record.value)).toEqual(json.decode(key, value));
      if (printed.includes('"valueBase64"')) expect(Buffer.from(record.value as Uint8Array)).toEqual(value);
    }),
    { numRuns: 2000 },
  );
});

test('values of every kind come back', async () => {
  const customer = fc.record({
    customer_id: text,
    name: text,
    country: text,
    joined_on: fc.integer({ min: 0, max: 20_000 }).map((day) => new Date(day * 86_400_000).toISOString().slice(0, 10)),
  });
  const [json] = topics as [(typeof topics)[0]];
  await fc.assert(
    fc.asyncProperty(customer, bytes, async (value, other) => {
      const sent = await json.encode(undefined, value);
      for (const key of [sent.key, other]) {
        const record = await parseRecordLine(JSON.stringify(json.decode(key, sent.value)), json, 1);
        const got = [record.key, record.value].map((part) => (part === null ? null : Buffer.from(part)));
        expect(got).toEqual([key, sent.value].map((part) => (part === null ? null : Buffer.from(part))));
      }
    }),
  );
});
