import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadTopics } from '../../src/topics/catalog.ts';
import { things } from './projects.ts';

const shipped = loadTopics(path.join(import.meta.dirname, '../..'));

describe('records as JSON', () => {
  const everything = things('table: t\nkey: id\n', [
    { name: 'id', type: 'long' },
    { name: 'i', type: ['null', 'int'], default: null },
    { name: 't', type: ['null', { type: 'long', logicalType: 'timestamp-micros' }], default: null },
    { name: 'm', type: ['null', { type: 'long', logicalType: 'timestamp-millis' }], default: null },
    { name: 'd', type: ['null', { type: 'int', logicalType: 'date' }], default: null },
    { name: 'n', type: ['null', { type: 'bytes', logicalType: 'decimal', precision: 12, scale: 4 }], default: null },
    { name: 'b', type: ['null', 'bytes'], default: null },
    { name: 'f', type: ['null', 'double'], default: null },
    { name: 'l', type: ['null', { type: 'array', items: 'string' }], default: null },
    { name: 's', type: 'string', default: 'none' },
    {
      name: 'r',
      type: [
        'null',
        {
          type: 'record',
          name: 'Ship',
          fields: [
            { name: 'at', type: { type: 'int', logicalType: 'date' } },
            { name: 'city', type: ['null', 'string'], default: null },
            { name: 'way', type: 'string', default: 'air' },
          ],
        },
      ],
      default: null,
    },
  ]);
  const json = everything.json('things');

  it('come back as they were sent', async () => {
    const value = {
      id: '9007199254740993',
      i: -3,
      t: '2026-11-24T10:00:00.123456Z',
      m: '1969-12-31T23:59:59.999000Z',
      d: '2026-11-24',
      n: '-12.3400',
      b: Buffer.from([0, 255]).toString('base64'),
      f: 'NaN',
      l: ['a', 'ü'],
      s: 'x',
      r: { at: '2026-11-24', city: null, way: 'sea' },
    };
    const record = await json.encode(undefined, value);
    expect(Buffer.from(record.key as Uint8Array).toString()).toBe('9007199254740993');
    expect(json.decode(record.key, record.value)).toEqual({ key: '9007199254740993', value });
  });

  it('accept other ways to write the same', async () => {
    const value = { id: 1, t: '2026-11-24 12:00:00+02:00', m: '2026-11-24', n: 12.5, r: { at: '2026-11-24' } };
    const record = await json.encode(undefined, value);
    expect(json.decode(record.key, record.value)).toMatchObject({
      key: 1,
      value: {
        id: 1,
        t: '2026-11-24T10:00:00Z',
        m: '2026-11-24T00:00:00Z',
        n: '12.5000',
        i: null,
        s: 'none',
        r: { at: '2026-11-24', city: null, way: 'air' },
      },
    });
  });

  const refused: readonly (readonly [unknown, RegExp])[] = [
    [{ id: 1, i: 1.5 }, /things\.i: 1\.5 is not a 32-bit whole number/],
    [{ id: 1, i: 'x' }, /things\.i/],
    [{ id: 2 ** 53 }, /things\.id: .* is not a whole number \(beyond 2\^53 as a string\)/],
    [{ id: '9223372036854775808' }, /things\.id/],
    [{}, /things\.id: is missing/],
    [{ id: null }, /things\.id: null is not a value: the field is not nullable/],
    [{ id: 1, d: '2026-02-30' }, /things\.d: "2026-02-30" is not an ISO 8601 date/],
    [{ id: 1, t: 'yesterday' }, /things\.t: "yesterday" is not an ISO 8601 timestamp/],
    [{ id: 1, t: '2026-11-24T25:00:00Z' }, /things\.t/],
    [{ id: 1, m: '2026-11-24T10:00:00.000001Z' }, /things\.m: .* whole milliseconds/],
    [{ id: 1, n: '0.12345' }, /things\.n: "0\.12345" is not a decimal of 12 digits, 4 of them/],
    [{ id: 1, n: '123456789' }, /things\.n/],
    [{ id: 1, b: '***' }, /things\.b: .* is not base64/],
    [{ id: 1, l: 'a' }, /things\.l: "a" is not an array/],
    [{ id: 1, l: [1] }, /things\.l\[\]: 1 is not a text/],
    [{ id: 1, s: null }, /things\.s/],
    [{ id: 1, r: 1 }, /things\.r: 1 is not an object of fields/],
    [{ id: 1, r: { city: 'Brno' } }, /things\.r\.at: is missing/],
    [{ id: 1, r: { at: 'x' } }, /things\.r\.at: "x" is not an ISO 8601 date/],
    [
      { id: 1, r: { at: '2026-11-24', town: 'x' } },
      /things\.r: .* of the fields at, city, way: "town" is none of them/,
    ],
    [{ id: 1, name: 'x' }, /there is no field "name"/],
    [[1], /must be an object/],
    [5, /must be an object/],
  ];
  for (const [value, message] of refused) {
    it(`refuses ${JSON.stringify(value)}`, async () => {
      const failed = json.encode(undefined, value);
      await expect(failed).rejects.toMatchObject({ code: 'INPUT_INVALID' });
      await expect(failed).rejects.toThrow(message);
    });
  }

  it('take keys as values, arrays and objects, and refuse others', async () => {
    const enrichments = shipped.json('prompt_enrichments');
    const keyOf = async (key: unknown): Promise<string> =>
      Buffer.from((await enrichments.encode(key, null)).key as Uint8Array).toString();
    expect(await keyOf([123, 'llm'])).toBe('[123,"llm"]');
    expect(await keyOf({ kind: 'llm', prompt_id: '9007199254740993' })).toBe('[9007199254740993,"llm"]');
    for (const bad of [123, [123], { prompt_id: 1 }, [null, 'llm'], ['x', 'llm']]) {
      await expect(enrichments.encode(bad, null)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    }
    await expect(enrichments.encode(undefined, null)).rejects.toThrow(/needs a key/);
    expect(enrichments.decode(Buffer.from('[123,"llm"]'), null)).toEqual({ key: [123, 'llm'], value: null });
    // A key that contradicts its value can be sent; landing refuses it.
    expect(Buffer.from((await json.encode('2', { id: 1 })).key as Uint8Array).toString()).toBe('2');
  });

  it('show what cannot be decoded as base64', () => {
    expect(json.decode(Buffer.from([0xff]), Buffer.from('hm'))).toEqual({
      keyBase64: '/w==',
      valueBase64: 'aG0=',
    });
    expect(json.decode(Buffer.from('abc'), null)).toEqual({ keyBase64: 'YWJj', value: null });
  });
});

describe('the encoder', () => {
  it('names topic and field of what it refuses', async () => {
    const encoder = await shipped.encoder('users');
    const user = {
      user_id: 1,
      user_tier: 'free',
      signup_date: 0,
      cohort_week: 'w',
      region: 'asia',
      device_type: 'mobile',
    };
    expect(() => encoder.record({ ...user, user_tier: 5 })).toThrow(/users\.user_tier: 5 is not a text/);
    expect(() => encoder.record({ ...user, signup_date: 0.5 })).toThrow(/users\.signup_date/);
    expect(() => encoder.record({})).toThrow(/users\.user_id: is missing/);
    expect(() => encoder.tombstone({})).toThrow(/users\.user_id: is missing/);
    expect(Buffer.from(encoder.tombstone({ user_id: -5n }).key).toString()).toBe('-5');
  });
});
