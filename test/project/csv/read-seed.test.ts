import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { csvRecords } from '../../../src/project/csv/csv-records.ts';
import { readSeed, type SeedFile } from '../../../src/project/csv/read-seed.ts';
import type { Seed } from '../../../src/project/project-contract.ts';
import { projectFolder } from '../project-folder.ts';

interface DbtCase {
  readonly csv: string;
  readonly names: readonly string[];
  readonly types: readonly string[];
}

/** What dbt 1.11.16 with dbt-duckdb 1.11.1 makes of them: `agate_helper.from_csv` and `convert_agate_type` of the adapter. */
const CASES = JSON.parse(readFileSync(new URL('dbt-types.json', import.meta.url), 'utf8')) as DbtCase[];

/** DuckDB's two names of one type. */
const SAME: Readonly<Record<string, string>> = { 'timestamp without time zone': 'timestamp' };

const dir = projectFolder({ 'dbt_project.yml': 'name: lab\n' });

function read(csv: string, options: Partial<Seed> = {}): SeedFile {
  writeFileSync(path.join(dir, 's.csv'), csv);
  const seed = { name: 's', path: 's.csv', delimiter: ',', columnTypes: {}, ...options } as Seed;
  return readSeed(dir, seed);
}

describe('the columns of a seed', () => {
  it(`have dbt's names and types, in ${CASES.length} files`, () => {
    const different = CASES.filter(({ csv, names, types }) => {
      const expected = names.map((name, i) => ({ name, type: SAME[types[i] as string] ?? types[i] }));
      return JSON.stringify(read(csv).columns) !== JSON.stringify(expected);
    });
    expect(different).toEqual([]);
  });

  it('are of the types that column_types says, by their names in the file', () => {
    const { columns } = read('a;b\n007;007\n', { delimiter: ';', columnTypes: { a: 'varchar(5)', c: 'date' } });
    expect(columns).toEqual([
      { name: 'a', type: 'varchar(5)' },
      { name: 'b', type: 'integer' },
    ]);
  });

  it('are told from other ones by the checksum, as the bytes are', () => {
    const [one, two, three] = [read('a\n1\n'), read('a\n1\n', { columnTypes: { a: 'text' } }), read('a\n2\n')];
    expect(new Set([one.checksum, two.checksum, three.checksum, read('a\n1\n').checksum]).size).toBe(3);
  });
});

it('records begin at the line they stand in', () => {
  const records = [...csvRecords('a,b\r\n"1\r\n2",3\n\n4,"5 ""six"""\r7,8', ',')];
  expect(records).toEqual([
    { line: 1, values: ['a', 'b'] },
    { line: 2, values: ['1\n2', '3'] },
    { line: 4, values: [] },
    { line: 5, values: ['4', '5 "six"'] },
    { line: 6, values: ['7', '8'] },
  ]);
});
