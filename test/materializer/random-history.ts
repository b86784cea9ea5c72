import fc from 'fast-check';
import type { Column } from '../../src/core/columns.ts';
import type { TopicContract } from '../../src/topics/topic-contract.ts';
import type { TopicCatalog } from '../../src/topics/catalog.ts';

/** A record in the JSON form of `lens produce`, or raw bytes that are no record. */
export type Happening =
  | { readonly topic: string; readonly key: unknown; readonly value: Readonly<Record<string, unknown>> | null }
  | { readonly topic: string; readonly garbage: string };

/** Few keys, so that records meet: versions, tombstones, joins, orphans. */
const KEYS = 4;
const INSTANTS = [
  '2026-03-01T00:00:00Z',
  '2026-03-01T23:59:59.999999Z',
  '2026-03-02T08:30:00Z',
  '2026-04-01T12:00:00.500000Z',
];
/** Some that the projects' models look for, some that are awkward. */
const WORDS = ['paid', 'success', '', 'b b', 'Ünïcode 🙂 text that is longer than twelve bytes'];

/** Random histories over the topics of a project, made from their contracts alone. */
export function histories(catalog: TopicCatalog, length: number): fc.Arbitrary<Happening[]> {
  const keyNames = new Set(catalog.contracts.flatMap((contract) => contract.tableKey));
  const one = fc.oneof(
    ...catalog.contracts.map((contract) => ({ weight: 4, arbitrary: happening(contract, keyNames) })),
    {
      weight: 1,
      arbitrary: fc.record({
        topic: fc.constantFrom(...catalog.contracts.map((contract) => contract.name)),
        garbage: fc.constantFrom('', 'AA==', 'AAAAAAE=', 'AP////8BAgM='),
      }),
    },
  );
  return fc.array(one, { minLength: 1, maxLength: length });
}

function happening(contract: TopicContract, keyNames: ReadonlySet<string>): fc.Arbitrary<Happening> {
  const kinds = contract.mode === 'patch' ? contract.kinds : [null];
  return fc.constantFrom(...kinds).chain((kind) => {
    const columns = contract.columns.filter(
      ({ name }) =>
        name !== '_kinds' && (kind === null || kind.columns.includes(name) || contract.tableKey.includes(name)),
    );
    const fields = Object.fromEntries(columns.map((column) => [column.name, valueOf(contract, column, keyNames)]));
    const kindField = kind === null ? {} : { [contract.key.at(-1) as string]: fc.constant(kind.name) };
    const deletes =
      contract.mode === 'append' ? fc.constant(false) : fc.integer({ min: 0, max: 4 }).map((n) => n === 0);
    return fc.tuple(fc.record({ ...fields, ...kindField }), deletes).map(([value, deleted]) => {
      const parts = contract.key.map((name) => (value as Record<string, unknown>)[name]);
      const key = parts.length === 0 ? null : parts.length === 1 ? parts[0] : parts;
      return { topic: contract.name, key, value: deleted ? null : value };
    });
  });
}

function valueOf(contract: TopicContract, column: Column, keyNames: ReadonlySet<string>): fc.Arbitrary<unknown> {
  const check = contract.checks.get(column.name);
  const isKey = contract.key.includes(column.name);
  const value =
    check?.acceptedValues === undefined
      ? typed(column, keyNames, check?.min ?? 0, check?.max)
      : fc.constantFrom(...check.acceptedValues);
  return column.nullable && !isKey && check?.required !== true ? fc.option(value, { freq: 4 }) : value;
}

function typed(
  { name, type }: Column,
  keyNames: ReadonlySet<string>,
  min: number,
  max = min + 8,
): fc.Arbitrary<unknown> {
  switch (type.kind) {
    case 'bigint':
    case 'integer':
      return keyNames.has(name) ? fc.integer({ min: 1, max: KEYS }) : fc.integer({ min, max: Math.min(max, min + 8) });
    case 'double':
    case 'float':
      return fc.integer({ min, max: min + 20 }).map((n) => n / 4 + min);
    case 'boolean':
      return fc.boolean();
    case 'varchar':
      return keyNames.has(name) ? fc.constantFrom('k1', 'k2', 'k3') : fc.constantFrom(...WORDS);
    case 'timestamp':
      return fc.constantFrom(...INSTANTS);
    case 'date':
      return fc.constantFrom(...INSTANTS.map((instant) => instant.slice(0, 10)));
    case 'decimal':
      return fc.integer({ min: 0, max: 99_999 }).map((n) => (n / 10 ** type.scale).toFixed(type.scale));
    case 'blob':
      return fc.constantFrom('', 'AAEC');
    case 'array':
      return fc
        .integer({ min: 0, max: 3 })
        .map((n) => Array.from({ length: type.length }, (_, i) => (n + (i % 3)) / 4));
    case 'list':
      return fc.constant([]);
    case 'struct':
      return fc.record(
        Object.fromEntries(
          type.fields.map((one) => [one.name, typed({ ...one, nullable: false }, keyNames, min, max)]),
        ),
      );
  }
}
