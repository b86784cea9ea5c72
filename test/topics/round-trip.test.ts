import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sqlType } from '../../src/core/columns.ts';
import type { TopicCatalog } from '../../src/topics/catalog.ts';
import { wireIdOf } from '../../src/topics/wire-format.ts';
import { appendChunks } from '../../src/warehouse/column-writer.ts';
import { blockOf, type TestRecord } from './blocks.ts';
import { exactBatch, outcome, rowsOf, things } from './projects.ts';

const text = fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ minLength: 60, maxLength: 200, unit: 'grapheme' }));
const decimal = (precision: number, scale: number): { values: fc.Arbitrary<unknown>; type: unknown } => {
  const bound = 10n ** BigInt(precision) - 1n;
  const values = fc.bigInt({ min: -bound, max: bound }).map((unscaled) => {
    const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
    const point = digits.length - scale;
    return `${unscaled < 0n ? '-' : ''}${digits.slice(0, point)}${scale > 0 ? `.${digits.slice(point)}` : ''}`;
  });
  return { values, type: { type: 'bytes', logicalType: 'decimal', precision, scale } };
};

/** Field types, values as the encoder takes them. */
const TYPES: Readonly<Record<string, { values: fc.Arbitrary<unknown>; type: unknown }>> = {
  long: {
    type: 'long',
    values: fc.oneof(
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      fc.maxSafeInteger(),
      fc.integer({ min: -70, max: 70 }),
    ),
  },
  int: { type: 'int', values: fc.oneof(fc.integer(), fc.integer({ min: -70, max: 70 })) },
  double: { type: 'double', values: fc.double() },
  float: { type: 'float', values: fc.float() },
  string: { type: 'string', values: text },
  boolean: { type: 'boolean', values: fc.boolean() },
  bytes: { type: 'bytes', values: fc.uint8Array({ maxLength: 40 }) },
  fixed: { type: { type: 'fixed', name: 'Five', size: 5 }, values: fc.uint8Array({ minLength: 5, maxLength: 5 }) },
  enum: {
    type: { type: 'enum', name: 'Suit', symbols: ['spades', 'hearts'] },
    values: fc.constantFrom('spades', 'hearts'),
  },
  micros: {
    type: { type: 'long', logicalType: 'timestamp-micros' },
    values: fc.bigInt({ min: -9_223_372_022_400_000_000n, max: 2n ** 63n - 2n }),
  },
  millis: {
    type: { type: 'long', logicalType: 'timestamp-millis' },
    values: fc.bigInt({ min: -9_223_372_022_400_000n, max: 9_223_372_036_854_775n }),
  },
  date: { type: { type: 'int', logicalType: 'date' }, values: fc.integer({ min: -2_147_483_646, max: 2_147_483_646 }) },
  decimal4: decimal(4, 2),
  decimal9: decimal(9, 0),
  decimal12: decimal(12, 4),
  decimal18: decimal(18, 18),
  decimal38: decimal(38, 6),
  floats: { type: { type: 'array', items: 'float' }, values: fc.array(fc.float(), { maxLength: 5 }) },
  doubles: { type: { type: 'array', items: 'double' }, values: fc.array(fc.double(), { maxLength: 5 }) },
  texts: { type: { type: 'array', items: ['null', 'string'] }, values: fc.array(fc.option(text), { maxLength: 4 }) },
  matrix: {
    type: { type: 'array', items: { type: 'array', items: 'long' } },
    values: fc.array(fc.array(fc.maxSafeInteger(), { maxLength: 3 }), { maxLength: 3 }),
  },
  record: {
    type: {
      type: 'record',
      name: 'Order',
      fields: [
        { name: 'text', type: 'string' },
        { name: 'maybe', type: ['null', 'boolean'], default: null },
        {
          name: 'lines',
          type: {
            type: 'array',
            items: ['null', { type: 'record', name: 'Line', fields: [{ name: 'n', type: 'int' }] }],
          },
        },
      ],
    },
    values: fc.record({
      text,
      maybe: fc.option(fc.boolean()),
      lines: fc.array(fc.option(fc.record({ n: fc.integer() })), { maxLength: 3 }),
    }),
  },
};
const NAMES = Object.keys(TYPES);
/** Without these the generated decoder takes the records. */
const EXACT_ONLY = new Set(['texts', 'matrix', 'record']);

function fieldsFor(names: readonly string[]): unknown[] {
  return names.flatMap((name) => {
    const { type } = TYPES[name] as { type: unknown };
    // A named type is defined once and referred to after that.
    const again = typeof type === 'object' && type !== null && 'name' in type ? type.name : type;
    return [
      { name: `${name}_there`, type },
      {
        name: `${name}_maybe`,
        type: name === 'int' ? [again, 'null'] : ['null', again],
        ...(name === 'int' ? {} : { default: null }),
      },
    ];
  });
}

function valuesFor(names: readonly string[]): fc.Arbitrary<Record<string, unknown>> {
  return fc.record(
    Object.fromEntries(
      names.flatMap((name) => {
        const { values } = TYPES[name] as { values: fc.Arbitrary<unknown> };
        return [
          [`${name}_there`, values],
          [`${name}_maybe`, fc.option(values, { freq: 2 })],
        ];
      }),
    ),
  );
}

/** What the row must hold for a value given to the encoder (rowsOf's forms). */
function held(name: string, value: unknown): unknown {
  if (value === null) return null;
  if (Array.isArray(value)) return value.map((item) => held(name, item));
  if (name === 'millis') return (value as bigint) * 1000n;
  if (name === 'long' || name === 'matrix' || name === 'micros') return BigInt(value as number | bigint);
  if (name.startsWith('decimal')) return BigInt((value as string).replace('.', ''));
  if (value instanceof Uint8Array) return `0x${Buffer.from(value).toString('hex')}`;
  return value;
}

let instance: DuckDBInstance;
let connection: DuckDBConnection;
beforeAll(async () => {
  instance = await DuckDBInstance.create(':memory:');
  connection = await instance.connect();
});
afterAll(() => {
  connection.closeSync();
  instance.closeSync();
});

async function encodeAll(catalog: TopicCatalog, values: readonly Record<string, unknown>[]): Promise<TestRecord[]> {
  const encoder = await catalog.encoder('things');
  return values.map((value) => encoder.record(value));
}

for (const path of ['generated', 'exact'] as const) {
  const names = path === 'generated' ? NAMES.filter((name) => !EXACT_ONLY.has(name)) : NAMES;
  const catalog = things('table: raw_things\nmode: append\n', fieldsFor(names));

  describe(`every type, ${path} decoder`, () => {
    it('encode -> block -> batch -> DuckDB gives back the values', { timeout: 60_000 }, async () => {
      const { columns } = catalog.contract('things');
      const ddl = columns.map(({ name, type }) => `"${name}" ${sqlType(type)}`).join(', ');
      await connection.run(`create or replace table raw_things (${ddl})`);
      const batch = path === 'exact' ? exactBatch(catalog) : catalog.batch('things');
      await fc.assert(
        fc.asyncProperty(fc.array(valuesFor(names), { minLength: 1, maxLength: 12 }), async (values) => {
          batch.reset();
          batch.add(blockOf(await encodeAll(catalog, values)));
          const sealed = batch.seal();
          expect(sealed.deadLetters).toEqual([]);
          const expected = values.map((value) =>
            columns.map(({ name }) => held(name.split('_')[0] as string, value[name])),
          );
          expect(rowsOf(sealed.rows)).toEqual(expected);
          await connection.run('delete from raw_things');
          await appendChunks(connection, { table: 'raw_things' }, sealed.rows);
          // Through DuckDB: an exact text of every column against the same text of the value we sent.
          const list = columns
            .map(({ name, type }) => (type.kind === 'blob' ? `hex("${name}")` : `"${name}"`))
            .join(', ');
          const found = await connection.runAndReadAll(`select ${list} from raw_things order by rowid`);
          expect(found.getRows().map((row) => row.map(plain))).toEqual(
            expected.map((row) =>
              row.map((value) =>
                typeof value === 'string' && value.startsWith('0x') ? value.slice(2).toUpperCase() : value,
              ),
            ),
          );
        }),
        { numRuns: 60 },
      );
    });
  });
}

/** DuckDB's JS values in rowsOf's forms. */
function plain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if ('items' in value) return (value.items as unknown[]).map(plain);
  if ('entries' in value) {
    return Object.fromEntries(Object.entries(value.entries as object).map(([name, item]) => [name, plain(item)]));
  }
  if ('micros' in value) return value.micros;
  if ('days' in value) return value.days;
  if ('scale' in value && 'value' in value) return value.value;
  return value;
}

describe('the generated decoder and the exact one', () => {
  const names = NAMES.filter((name) => !EXACT_ONLY.has(name));
  const yml = [
    'table: raw_things',
    'key: [long_there, string_there]',
    'checks:',
    '  int_maybe: { min: -2147483000, max: 2147480000 }',
    '  long_maybe: { min: -9007199254740991 }',
    '  double_there: { max: 1.0e+300 }',
    '  float_maybe: { min: -1.0e+38 }',
    '  decimal4_maybe: { min: -90.5 }',
    '  decimal12_there: { min: -93000000, max: 90000000.00005 }',
    '  decimal38_there: { min: -1.0e+31 }',
    '  enum_maybe: { accepted_values: [hearts] }',
    '  boolean_maybe: { required: true }',
  ].join('\n');
  const catalog = things(yml, fieldsFor(names));

  it('agree on every record, also on mangled bytes', { timeout: 60_000 }, async () => {
    const [fast, exact] = [catalog.batch('things'), exactBatch(catalog)];
    const mangle = fc.array(fc.tuple(fc.nat(10_000), fc.nat(255)), { maxLength: 3 });
    const one = fc.tuple(
      valuesFor(names),
      fc.constantFrom('whole', 'whole', 'mangled', 'cut', 'longer', 'tombstone', 'no key', 'other key'),
      mangle,
    );
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(fc.array(one, { minLength: 1, maxLength: 8 }), async (items) => {
        const encoder = await catalog.encoder('things');
        const records = items.map(([value, kind, changes]): TestRecord => {
          const made = encoder.record(value);
          const bytes = new Uint8Array(made.value);
          if (kind === 'mangled') for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
          const cut = changes[0]?.[0] ?? 0;
          if (kind === 'cut') return { key: made.key, value: bytes.subarray(0, cut % bytes.length) };
          if (kind === 'longer') return { key: made.key, value: Buffer.concat([bytes, Buffer.from([0])]) };
          if (kind === 'tombstone') return { key: made.key, value: null };
          if (kind === 'no key') return { key: null, value: bytes };
          if (kind === 'other key') return { key: Buffer.from('[12,"x"]'), value: bytes };
          return { key: made.key, value: bytes };
        });
        const block = blockOf(records);
        for (const batch of [fast, exact]) {
          batch.reset();
          batch.add(block);
        }
        const [left, right] = [fast.seal(), exact.seal()];
        expect(outcome(left)).toEqual(outcome(right));
        expect(left.rowCount + left.deletedCount + left.deadLetters.length).toBeLessThanOrEqual(records.length);
        for (const { reasonCode } of left.deadLetters) seen.add(reasonCode);
      }),
      { numRuns: 300 },
    );
    // Or else the histories above were too tame.
    expect([...seen]).toEqual(
      expect.arrayContaining([
        'undecodable',
        'trailing_bytes',
        'missing_key',
        'key_mismatch',
        'check_failed',
        'bad_magic',
      ]),
    );
  });

  it('really is generated for these types', async () => {
    const [one] = await encodeAll(catalog, fc.sample(valuesFor(names), { numRuns: 1, seed: 3 }));
    expect(wireIdOf(one?.value as Uint8Array, 0, 100)).toBe(1);
    const { columnDecoder } = await import('../../src/topics/column-decoder.ts');
    const { shapeOf } = await import('../../src/topics/record-shape.ts');
    const { parseAvroSchema } = await import('../../src/topics/avro-schema.ts');
    const contract = catalog.contract('things');
    const writer = parseAvroSchema(contract.versions[0]?.schema) as Parameters<typeof columnDecoder>[1];
    expect(columnDecoder(shapeOf(contract), writer)).not.toBeNull();
  });
});
