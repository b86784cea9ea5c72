import { describe, expect, it } from 'vitest';
import { loadTopics } from '../../src/topics/catalog.ts';
import { AvroRecordEncoder } from '../../src/topics/record-encoder.ts';
import { shapeOf } from '../../src/topics/record-shape.ts';
import { blockOf } from './blocks.ts';
import { exactBatch, projectWith, record, rowsOf, things, thingsFolder } from './projects.ts';

const ID = { name: 'id', type: 'long' };
const YML = 'table: raw_things\nkey: id\n';

/** Encodes with the schema of one version (as an older producer does) under that version's wire id. */
function write(
  fields: unknown[],
  wireId: number,
  ...values: Record<string, unknown>[]
): { key: Uint8Array | null; value: Uint8Array }[] {
  const [contract] = loadTopics(thingsFolder(YML, fields)).contracts;
  if (contract === undefined) throw new Error('no contract');
  const encoder = new AvroRecordEncoder(shapeOf(contract), wireId);
  return values.map((value) => encoder.record(value));
}

interface Case {
  readonly what: string;
  readonly old: unknown[];
  readonly now: unknown[];
  readonly wrote: Record<string, unknown>;
  readonly reads: unknown[];
}

const micros = { type: 'long', logicalType: 'timestamp-micros' };
const cases: readonly Case[] = [
  {
    what: 'a nullable field added',
    old: [ID],
    now: [ID, { name: 'a', type: ['null', 'string'], default: null }],
    wrote: { id: 5 },
    reads: [5n, null],
  },
  {
    what: 'fields added with defaults',
    old: [ID],
    now: [
      { name: 's', type: 'string', default: 'none' },
      ID,
      { name: 'l', type: 'long', default: -7 },
      { name: 'b', type: 'boolean', default: true },
      { name: 'd', type: 'double', default: 0.5 },
      { name: 'i', type: ['int', 'null'], default: 3 },
    ],
    wrote: { id: 5 },
    reads: ['none', 5n, -7n, true, 0.5, 3],
  },
  {
    what: 'a long default and a list default',
    old: [ID],
    now: [
      ID,
      { name: 's', type: 'string', default: 'a text of many letters' },
      { name: 'l', type: { type: 'array', items: 'int' }, default: [1] },
    ],
    wrote: { id: 5 },
    reads: [5n, 'a text of many letters', [1]],
  },
  {
    what: 'fields removed',
    old: [
      { name: 'x', type: 'string' },
      ID,
      { name: 'y', type: ['null', 'double'] },
      { name: 'z', type: 'bytes' },
      { name: 'k', type: 'boolean' },
    ],
    now: [ID],
    wrote: { id: 5, x: 'gone', y: 1.5, z: Buffer.from('a'), k: false },
    reads: [5n],
  },
  {
    what: 'a list removed',
    old: [ID, { name: 'x', type: { type: 'array', items: 'string' } }],
    now: [ID],
    wrote: { id: 5, x: ['a', 'b'] },
    reads: [5n],
  },
  {
    what: 'fields in another order',
    old: [{ name: 'a', type: 'int' }, { name: 'b', type: 'string' }, ID],
    now: [ID, { name: 'b', type: 'string' }, { name: 'a', type: 'int' }],
    wrote: { id: 5, a: 1, b: 'two' },
    reads: [5n, 'two', 1],
  },
  {
    what: 'promotions',
    old: [
      ID,
      { name: 'a', type: 'int' },
      { name: 'b', type: 'int' },
      { name: 'c', type: 'float' },
      { name: 'd', type: 'long' },
      { name: 'e', type: 'int' },
    ],
    now: [
      ID,
      { name: 'a', type: 'long' },
      { name: 'b', type: 'double' },
      { name: 'c', type: 'double' },
      { name: 'd', type: 'double' },
      { name: 'e', type: 'float' },
    ],
    wrote: { id: 5, a: -3, b: 7, c: 0.25, d: 2n ** 60n, e: 9 },
    reads: [5n, -3n, 7, 0.25, 2 ** 60, 9],
  },
  {
    what: 'an int that becomes a timestamp',
    old: [ID, { name: 't', type: 'int' }],
    now: [ID, { name: 't', type: micros }],
    wrote: { id: 5, t: 12 },
    reads: [5n, 12n],
  },
  {
    what: 'a field that becomes nullable',
    old: [ID, { name: 'a', type: 'int' }],
    now: [ID, { name: 'a', type: ['null', 'long'] }],
    wrote: { id: 5, a: 1 },
    reads: [5n, 1n],
  },
  {
    what: 'a renamed field with an alias',
    old: [ID, { name: 'colour', type: 'string' }],
    now: [ID, { name: 'color', aliases: ['colour'], type: 'string' }],
    wrote: { id: 5, colour: 'red' },
    reads: [5n, 'red'],
  },
  {
    what: 'bytes that become a text',
    old: [ID, { name: 'a', type: 'bytes' }],
    now: [ID, { name: 'a', type: 'string' }],
    wrote: { id: 5, a: Buffer.from('grün') },
    reads: [5n, 'grün'],
  },
  {
    what: 'a decimal of more digits',
    old: [ID, { name: 'a', type: { type: 'bytes', logicalType: 'decimal', precision: 6, scale: 2 } }],
    now: [ID, { name: 'a', type: { type: 'bytes', logicalType: 'decimal', precision: 12, scale: 2 } }],
    wrote: { id: 5, a: '-12.34' },
    reads: [5n, -1234n],
  },
  {
    what: 'another order of an enum',
    old: [ID, { name: 'a', type: { type: 'enum', name: 'E', symbols: ['x', 'y'] } }],
    now: [ID, { name: 'a', type: { type: 'enum', name: 'E', symbols: ['y', 'z', 'x'] } }],
    wrote: { id: 5, a: 'x' },
    reads: [5n, 'x'],
  },
];

describe('records of an older schema are read as the newest', () => {
  for (const { what, old, now, wrote, reads } of cases) {
    it(what, () => {
      const catalog = things(YML, old, now);
      const block = blockOf(write(old, 1, wrote));
      for (const batch of [catalog.batch('things'), exactBatch(catalog)]) {
        batch.add(block);
        const sealed = batch.seal();
        expect(sealed.deadLetters).toEqual([]);
        expect(rowsOf(sealed.rows)).toEqual([reads]);
      }
    });
  }

  it('mixes versions within a block, in order', async () => {
    const old = [ID, { name: 'a', type: 'int' }];
    const now = [ID, { name: 'a', type: 'long' }, { name: 'b', type: ['null', 'string'], default: null }];
    const catalog = things(YML, old, now);
    const encoder = await catalog.encoder('things');
    const ids = Array.from({ length: 5000 }, (_, i) => i);
    const older = write(old, 1, ...ids.map((id) => ({ id, a: id })));
    const records = older.map((record, i) => (i % 3 === 0 ? encoder.record({ id: i, a: i, b: `b${i}` }) : record));
    const batch = catalog.batch('things');
    batch.add(blockOf(records));
    const sealed = batch.seal();
    expect(sealed.deadLetters).toEqual([]);
    expect(rowsOf(sealed.rows)).toEqual(records.map((_, i) => [BigInt(i), BigInt(i), i % 3 === 0 ? `b${i}` : null]));
  });

  it('makes a dead letter of bytes that are to be a text and are none', () => {
    const catalog = loadTopics(
      projectWith({
        'things/topic.yml': YML,
        'things/1.avsc': record([ID, { name: 'a', type: 'bytes' }]),
        'things/2.avsc': record([ID, { name: 'a', type: 'string' }]),
        'manifest.json': { 1: { topic: 'things', version: 1 }, 2: { topic: 'things', version: 2 } },
      }),
    );
    const block = blockOf(write([ID, { name: 'a', type: 'bytes' }], 1, { id: 5, a: Buffer.from([0xff, 0xfe]) }));
    for (const batch of [catalog.batch('things'), exactBatch(catalog)]) {
      batch.add(block);
      expect(batch.seal().deadLetters[0]).toMatchObject({
        reasonCode: 'undecodable',
        reason: 'field a: a text is not UTF-8',
      });
    }
  });
});
