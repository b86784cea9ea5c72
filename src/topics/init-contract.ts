import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { messageOf } from '../core/errors.ts';
import { type AvroRecord, parseAvroSchema } from './avro-schema.ts';
import { type DraftField, fieldNames } from './init-types.ts';
import { readManifest } from './manifest.ts';
import { shapeFields } from './record-shape.ts';

/** A topic contract that is to be written. */
export interface DraftContract {
  readonly topic: string;
  readonly table: string;
  readonly format: 'avro' | 'json';
  /** Empty for a topic whose rows have no key: mode append. */
  readonly key: readonly string[];
  readonly partitions: number;
  /** Of a topic that is not there yet; those of one that is are left alone. */
  readonly settings: Readonly<Record<string, string>>;
  readonly schema: unknown;
  /** Fields whose column is called otherwise, with its name. */
  readonly columnNames: readonly (readonly [string, string])[];
  /** Where it comes from, for the first line of the file. */
  readonly from: string;
  /** What could not be inferred, a sentence each. */
  readonly doubts: readonly string[];
}

/**
 * An Avro schema of columns: nullable ones have null as default, so that they may be missing. Where a column's name is none in Avro, the
 * contract says which one it is.
 */
export function schemaOf(
  topic: string,
  columns: readonly DraftField[],
  key: readonly string[],
): Pick<DraftContract, 'schema' | 'key' | 'columnNames'> {
  const names = fieldNames(columns.map(({ name }) => name));
  const field = (column: string): string => names.get(column) ?? column;
  const fields = columns.map(({ name, type, nullable }) =>
    nullable && !key.includes(name)
      ? { name: field(name), type: ['null', type], default: null }
      : { name: field(name), type },
  );
  const name = topic.replaceAll(/[^A-Za-z0-9_]/g, '_').replace(/^(?=\d)/, '_');
  return {
    schema: { type: 'record', name, fields },
    key: key.map(field),
    columnNames: [...names].filter(([column, own]) => column !== own).map(([column, own]) => [own, column]),
  };
}

/** A schema without the fields that cannot be columns, and what they are. Key fields are made not nullable. */
export function columnsOnly(
  schema: unknown,
  key: readonly string[],
): { schema: unknown; left: { name: string; why: string }[] } {
  const left: { name: string; why: string }[] = [];
  const { fields, ...record } = schema as {
    readonly fields: readonly { readonly name: string; readonly type: unknown }[];
  };
  const kept = fields.flatMap((field) => {
    const own = key.includes(field.name) ? withoutNull(field) : field;
    try {
      const parsed = parseAvroSchema({ ...record, fields: [own] }) as AvroRecord;
      shapeFields(parsed, { mode: 'append', key: [], kinds: [], checks: new Map(), columnNames: new Map() });
      return [own];
    } catch (error) {
      left.push({ name: field.name, why: messageOf(error) });
      return [];
    }
  });
  return { schema: { ...record, fields: kept }, left };
}

function withoutNull<T extends { readonly type: unknown }>(field: T): T {
  if (!Array.isArray(field.type)) return field;
  const [type, ...others] = field.type.filter((branch) => branch !== 'null') as unknown[];
  const { default: _none, ...rest } = field as T & { default?: unknown };
  return { ...rest, type: others.length === 0 ? type : [type, ...others] } as unknown as T;
}

/** Whether a topic has a folder already. */
export function isDeclared(projectDir: string, topic: string): boolean {
  return existsSync(path.join(projectDir, 'topics', topic));
}

/** The files of a contract by their path in the project, with their text; the manifest holds what it held. */
export function contractFiles(projectDir: string, drafts: readonly DraftContract[]): Map<string, string> {
  const files = new Map<string, string>();
  const place = path.join(projectDir, 'topics/manifest.json');
  const manifest = new Map(readManifest(place, 'topics/manifest.json'));
  let id = Math.max(0, ...manifest.keys());
  for (const draft of drafts) {
    files.set(`topics/${draft.topic}/topic.yml`, topicYml(draft));
    files.set(`topics/${draft.topic}/1.avsc`, `${JSON.stringify(draft.schema, null, 2)}\n`);
    manifest.set(++id, { topic: draft.topic, version: 1 });
  }
  const entries = [...manifest].map(([wireId, entry]) => `  "${wireId}": ${JSON.stringify(entry)}`);
  if (drafts.length > 0) files.set('topics/manifest.json', `{\n${entries.join(',\n')}\n}\n`);
  return files;
}

function topicYml({ table, format, key, partitions, settings, columnNames, from, doubts }: DraftContract): string {
  const text = (value: string): string => (/^[A-Za-z_][\w.-]*$/.test(value) ? value : JSON.stringify(value));
  return [
    `# Written by lens topics init ${from}.`,
    ...doubts.map((doubt) => `# To be looked at: ${doubt}`),
    `table: ${text(table)}`,
    ...(key.length === 0
      ? ['mode: append']
      : [`key: ${key.length === 1 ? text(key[0] as string) : `[${key.map(text).join(', ')}]`}`]),
    ...(format === 'json' ? ['format: json'] : []),
    `partitions: ${partitions}`,
    ...(Object.keys(settings).length === 0 ? [] : ['settings:']),
    ...Object.entries(settings).map(([name, value]) => `  ${name}: ${value}`),
    ...(columnNames.length === 0 ? [] : ['columns:']),
    ...columnNames.map(([field, column]) => `  ${field}: ${JSON.stringify(column)}`),
    '',
  ].join('\n');
}

/** Writes files that are not there; the manifest is the one that may be. */
export function writeFiles(projectDir: string, files: ReadonlyMap<string, string>): void {
  for (const [name, text] of files) {
    const file = path.join(projectDir, name);
    mkdirSync(path.dirname(file), { recursive: true });
    if (name.endsWith('manifest.json') && existsSync(file) && readFileSync(file, 'utf8') === text) continue;
    writeFileSync(file, text, { flag: name.endsWith('manifest.json') ? 'w' : 'wx' });
  }
}
