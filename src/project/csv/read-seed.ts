import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileProblem, LensError } from '../../core/errors.ts';
import type { Seed } from '../project-contract.ts';
import { type CsvRecord, csvRecords } from './csv-records.ts';
import { kindOf, needsFractions } from './value-kinds.ts';

/** A seed's file as it is now. */
export interface SeedFile {
  readonly seed: Seed;
  /** Absolute. */
  readonly path: string;
  readonly columns: readonly SeedColumn[];
  /** The lines that the rows begin at. */
  readonly lines: readonly number[];
  /** Of its bytes and of all that says how they are read. */
  readonly checksum: string;
}

export interface SeedColumn {
  readonly name: string;
  /** As CREATE TABLE takes it. */
  readonly type: string;
}

/**
 * Reads a seed's CSV and tells its columns with dbt's types: those of `column_types`, otherwise inferred from all values.
 *
 * INPUT_UNREADABLE when the file cannot be read, PROJECT_INVALID with file and line when it is no table.
 */
export function readSeed(projectDir: string, seed: Seed): SeedFile {
  const file = path.join(projectDir, seed.path);
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw new LensError('INPUT_UNREADABLE', `cannot read seed ${seed.name}: ${fileProblem(error)}`, {
      place: seed.path,
    });
  }
  const [header, ...records] = csvRecords(textOf(bytes, seed), seed.delimiter);
  if (header === undefined || header.values.length === 0) {
    throw invalid(seed, 1, 'the first line must name the columns');
  }
  const names = columnNames(header.values);
  const long = records.find(({ values }) => values.length > names.length);
  if (long !== undefined) {
    throw invalid(seed, long.line, `the row has ${long.values.length} values, the table ${names.length} columns`);
  }
  const columns = names.map((name, at) => ({
    name,
    type: seed.columnTypes[name] ?? inferredType(records, at),
  }));
  const how = JSON.stringify([columns, seed.delimiter]);
  return {
    seed,
    path: file,
    columns,
    lines: records.filter(({ values }) => values.length > 0).map(({ line }) => line),
    checksum: createHash('sha256').update(bytes).update(how).digest('hex'),
  };
}

function textOf(bytes: Buffer, seed: Seed): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw invalid(seed, 1, 'the file is not UTF-8');
  }
}

/** dbt's words for the type that it infers. */
function inferredType(records: readonly CsvRecord[], at: number): string {
  // A row that is too short says nothing.
  const values = records.flatMap((record) => record.values[at] ?? []);
  if (values.length === 0) return 'integer';
  const kind = kindOf(values);
  if (kind === 'number') return needsFractions(values) ? 'float8' : 'integer';
  return kind;
}

/** As agate names them: one without a name has the letter of its place, one that is there again a number. */
function columnNames(header: readonly string[]): string[] {
  const names: string[] = [];
  for (const [i, given] of header.entries()) {
    const name = given === '' ? String.fromCodePoint(97 + (i % 26)).repeat(Math.floor(i / 26) + 1) : given;
    let free = name;
    for (let n = 2; names.includes(free); n++) free = `${name}_${n}`;
    names.push(free);
  }
  return names;
}

function invalid(seed: Seed, line: number, problem: string): LensError {
  return new LensError('PROJECT_INVALID', `seed ${seed.name}: ${problem}`, {
    place: `${seed.path}:${line}`,
    hint: `values stand between "${seed.delimiter}", those that hold one in double quotes`,
  });
}
