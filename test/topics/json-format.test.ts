import { describe, expect, it } from 'vitest';
import { blockOf } from './blocks.ts';
import { rowsOf, things } from './projects.ts';

const FIELDS = [
  { name: 'id', type: 'long' },
  { name: 'at', type: ['null', { type: 'long', logicalType: 'timestamp-micros' }], default: null },
  { name: 'price', type: ['null', { type: 'bytes', logicalType: 'decimal', precision: 8, scale: 2 }], default: null },
];
const CONTRACT = 'table: raw_things\nkey: id\nformat: json\n';

function landed(...values: string[]) {
  const catalog = things(CONTRACT, FIELDS);
  const batch = catalog.batch('things');
  const keyOf = (value: string): string => /"id": ?(\d+)/.exec(value)?.[1] ?? '0';
  batch.add(blockOf(values.map((value) => ({ key: Buffer.from(keyOf(value)), value: Buffer.from(value) }))));
  return batch.seal();
}

describe('format: json', () => {
  it('reads objects: other fields are passed over, missing ones are null, whole numbers exact', () => {
    const sealed = landed(
      '{"id": 1, "price": "1.50", "more": {"a": []}}',
      '{"at": "2026-11-20T10:00:00Z", "id": 9007199254740993}',
    );
    expect(sealed.deadLetters).toEqual([]);
    expect(rowsOf(sealed.rows)).toEqual([
      [1n, null, expect.anything()],
      [9007199254740993n, BigInt(Date.parse('2026-11-20T10:00:00Z')) * 1000n, null],
    ]);
  });

  it('has fields by the names of columns', async () => {
    const catalog = things(`${CONTRACT}columns: { id: Order ID, price: 2024 }\n`.replace('2024', '"2024"'), FIELDS);
    const { columns, tableKey } = catalog.contract('things');
    expect([columns.map(({ name }) => name), tableKey]).toEqual([['Order ID', 'at', '2024'], ['Order ID']]);
    const json = catalog.json('things');
    const value = { 'Order ID': 7, at: null, '2024': '1.50' };
    const record = await json.encode(undefined, value);
    expect(Buffer.from(record.value ?? []).toString()).toBe(JSON.stringify(value));
    const batch = catalog.batch('things');
    batch.add(blockOf([{ key: record.key, value: record.value }]));
    const sealed = batch.seal();
    expect([sealed.deadLetters, rowsOf(sealed.rows)]).toEqual([[], [[7n, null, 150n]]]);
    expect(json.decode(record.key, record.value)).toEqual({ key: 7, value });
    expect((await json.encode({ 'Order ID': 7 }, null)).key).toEqual(record.key);
    await expect(json.encode(undefined, { id: 7 })).rejects.toThrow('there is no field "id"');
  });

  it('makes dead letters of what is none, and reads Avro as well', async () => {
    const { deadLetters } = landed('{"id": "x"}', '[1]', '{', '{"id": 4, "at": 5}', '\u0000\u0000\u0000\u0000\u0001');
    expect(deadLetters.map(({ reasonCode }) => reasonCode)).toEqual([
      'undecodable',
      'undecodable',
      'undecodable',
      'undecodable',
      'undecodable',
    ]);
    const avro = things(CONTRACT.replace('format: json\n', ''), FIELDS);
    const { key, value } = await avro.json('things').encode(undefined, { id: 3 });
    const batch = things(CONTRACT, FIELDS).batch('things');
    batch.add(blockOf([{ key, value }]));
    expect(rowsOf(batch.seal().rows)).toEqual([[3n, null, null]]);
  });

  it('is what lens produce writes', async () => {
    const json = things(CONTRACT, FIELDS).json('things');
    const { key, value } = await json.encode(undefined, { id: 3, price: 2 });
    expect([key, value].map((bytes) => Buffer.from(bytes ?? []).toString())).toEqual(['3', '{"id":3,"price":2}']);
    expect(json.decode(key, value)).toEqual({ key: 3, value: { id: 3, at: null, price: '2.00' } });
    await expect(json.encode(undefined, { id: 'x' })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });
});
