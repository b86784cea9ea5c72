import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Happening } from '../../materializer/random-history.ts';
import type { Kind } from './draft.ts';
import { keyOf, RAW, type RawTable, type RowChange, rowOf } from './raw-rows.ts';

const AVRO: Readonly<Record<Kind, unknown>> = {
  int: 'int',
  text: 'string',
  date: { type: 'int', logicalType: 'date' },
  time: { type: 'long', logicalType: 'timestamp-micros' },
  amount: { type: 'bytes', logicalType: 'decimal', precision: 10, scale: 2 },
  number: 'double',
  flag: 'boolean',
};

const PATCHED = 'notes';
/** The kinds of its records, each with its column. */
const KINDS = { labelled: 'label', scored: 'score' } as const;

/** Writes a topic for each raw table: of its own name, upsert, append for one without key, patch for `notes`. */
export function writeTopics(dir: string): void {
  const manifest: Record<string, unknown> = {};
  for (const [i, [name, table]] of Object.entries(RAW).entries()) {
    const folder = path.join(dir, 'topics', name);
    mkdirSync(folder, { recursive: true });
    const schema = { type: 'record', name: `Of_${name}`, namespace: 'generated', fields: fieldsOf(name, table) };
    writeFileSync(path.join(folder, '1.avsc'), JSON.stringify(schema));
    writeFileSync(path.join(folder, 'topic.yml'), contractOf(name, table));
    manifest[String(i + 1)] = { topic: name, version: 1 };
  }
  writeFileSync(path.join(dir, 'topics/manifest.json'), JSON.stringify(manifest));
}

function fieldsOf(name: string, { columns, key }: RawTable): unknown[] {
  const fields = Object.entries(columns)
    .filter(([column]) => column !== '_kinds')
    .map(([column, kind]) =>
      key?.includes(column) === true
        ? { name: column, type: AVRO[kind] }
        : { name: column, type: ['null', AVRO[kind]], default: null },
    );
  return name === PATCHED ? [fields[0], { name: 'kind', type: 'string' }, ...fields.slice(1)] : fields;
}

function contractOf(name: string, { key }: RawTable): string {
  if (name === PATCHED) {
    const kinds = Object.entries(KINDS).map(([kind, column]) => `  ${kind}: [${column}]\n`);
    return `table: ${name}\nmode: patch\nkey: [k, kind]\nkinds:\n${kinds.join('')}partitions: 1\n`;
  }
  const mode = key === null ? 'mode: append' : `mode: upsert\nkey: [${key.join(', ')}]`;
  return `table: ${name}\n${mode}\npartitions: 2\n`;
}

/** The record that makes a change. */
export function recordOf(change: RowChange): Happening {
  const { table: topic, values } = change;
  const row = rowOf(change);
  if (topic === PATCHED) {
    const kind = Object.keys(KINDS)[(values?.[3] ?? change.key) % 2] as keyof typeof KINDS;
    const column = KINDS[kind];
    const value = values === null ? null : { k: change.key, kind, [column]: row[column] };
    return { topic, key: [change.key, kind], value };
  }
  const key = Object.values(keyOf(topic, change.key));
  return { topic, key: key.length === 0 ? null : key.length === 1 ? key[0] : key, value: values === null ? null : row };
}
