import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';
import type { ColumnChunk, ColumnVector } from '../../src/core/column-chunk.ts';
import { shapeOf } from '../../src/topics/record-shape.ts';
import { loadTopics, type TopicCatalog } from '../../src/topics/catalog.ts';
import { type SealedBatch, TopicBatch } from '../../src/topics/topic-batch.ts';
import { WriterSchemas } from '../../src/topics/writer-schemas.ts';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A project folder with these files under topics/; objects are written as JSON. */
export function projectWith(files: Readonly<Record<string, unknown>>): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'lens-topics-'));
  folders.push(folder);
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(folder, 'topics', name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content, null, 2));
  }
  return folder;
}

/** A project of one topic, `things`, with schema versions of the given fields and wire ids 1, 2, ... */
export function things(topicYml: string, ...versions: unknown[][]): TopicCatalog {
  return loadTopics(thingsFolder(topicYml, ...versions));
}

export function thingsFolder(topicYml: string, ...versions: unknown[][]): string {
  const files: Record<string, unknown> = { 'things/topic.yml': topicYml };
  const manifest: Record<string, unknown> = {};
  versions.forEach((fields, i) => {
    files[`things/${i + 1}.avsc`] = record(fields);
    manifest[String(i + 1)] = { topic: 'things', version: i + 1 };
  });
  return projectWith({ ...files, 'manifest.json': manifest });
}

export function record(fields: unknown[]): unknown {
  return { type: 'record', name: 'Thing', namespace: 'test', fields };
}

/** A batch that never uses generated code. */
export function exactBatch(catalog: TopicCatalog, topic = 'things'): TopicBatch {
  const contract = catalog.contract(topic);
  const shape = shapeOf(contract);
  const schemas = new WriterSchemas(shape, (_topic, id) => {
    const found = contract.versions.find((version) => version.wireId === id);
    if (found !== undefined) return { schema: found.schema };
    const owner = catalog.contracts.find(({ versions }) => versions.some((version) => version.wireId === id));
    return {
      unknown: `schema id ${id} ${owner === undefined ? 'is not in topics/manifest.json' : `belongs to the topic ${owner.name}`}`,
    };
  });
  class Exact extends WriterSchemas {
    override get(id: number): ReturnType<WriterSchemas['get']> {
      const found = schemas.get(id);
      return 'exact' in found ? { exact: found.exact, fast: null } : found;
    }
  }
  return new TopicBatch(shape, new Exact(shape, () => ({ unknown: '' })));
}

/** All rows of chunks as JS values: 64-bit numbers and decimals as bigint, bytes as hex. */
export function rowsOf(chunks: readonly ColumnChunk[]): unknown[][] {
  return chunks.flatMap((chunk) =>
    Array.from({ length: chunk.rowCount }, (_, row) => chunk.columns.map((column) => valueOf(column, row))),
  );
}

function valueOf(column: ColumnVector, row: number): unknown {
  if (column.isNull(row)) return null;
  const { type, view } = column;
  switch (type.kind) {
    case 'bigint':
    case 'timestamp':
      return column.longs[row];
    case 'integer':
    case 'date':
      return column.words[row];
    case 'float':
      return view.getFloat32(row * 4, true);
    case 'double':
      return view.getFloat64(row * 8, true);
    case 'boolean':
      return column.bytes[row] === 1;
    case 'varchar':
      return Buffer.from(column.bytesAt(row)).toString();
    case 'blob':
      return `0x${Buffer.from(column.bytesAt(row)).toString('hex')}`;
    case 'decimal':
      if (column.width === 2) return BigInt(view.getInt16(row * 2, true));
      if (column.width === 4) return BigInt(column.words[row] as number);
      if (column.width === 8) return column.longs[row];
      return ((column.longs[row * 2 + 1] as bigint) << 64n) | BigInt.asUintN(64, column.longs[row * 2] as bigint);
    case 'list':
      return elements(column, column.words[row * 4] as number, column.words[row * 4 + 2] as number);
    case 'array':
      return elements(column, row * type.length, type.length);
    case 'struct':
      return Object.fromEntries(type.fields.map((one, i) => [one.name, valueOf(column.parts[i] as ColumnVector, row)]));
  }
}

function elements(column: ColumnVector, start: number, count: number): unknown[] {
  return Array.from({ length: count }, (_, i) => valueOf(column.child, start + i));
}

/** A sealed batch as plain data. */
export function outcome(sealed: SealedBatch): unknown {
  return {
    rows: rowsOf(sealed.rows),
    deleted: rowsOf(sealed.deletedKeys),
    deadLetters: sealed.deadLetters.map(({ offset, reasonCode, reason, key, value }) => ({
      offset,
      reasonCode,
      reason,
      key: key === null ? null : Buffer.from(key).toString('hex'),
      value: value === null ? null : Buffer.from(value).toString('hex'),
    })),
  };
}
