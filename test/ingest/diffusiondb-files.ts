import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ScratchReader } from '../../src/warehouse/scratch-reader.ts';
import { text } from '../../src/warehouse/sql.ts';

/** A temporary folder that disposing removes. */
export class Folder implements Disposable {
  readonly path = mkdtempSync(path.join(tmpdir(), 'lens-ingest-'));

  file(name: string): string {
    return path.join(this.path, name);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** The 13 columns of DiffusionDB with its types, over a column `i`. */
export const COLUMNS: Readonly<Record<string, string>> = {
  image_name: `md5(i::varchar) || '.webp'`,
  prompt: `'prompt number ' || i`,
  part_id: '(1 + i // 1000)::usmallint',
  seed: '(4294967295 - i)::uinteger',
  step: '50::usmallint',
  cfg: '7.5::float',
  sampler: '(1 + i % 9)::utinyint',
  width: '512::usmallint',
  height: '768::usmallint',
  user_name: `case when i % 10 = 0 then null else sha256((i % 7)::varchar) end`,
  timestamp: `case when i % 11 = 0 then null else '2022-08-07 22:57:00+00'::timestamptz + to_minutes(i::int) end`,
  image_nsfw: '0.1::float',
  prompt_nsfw: '2.0::float',
};

/** Writes a Parquet file of `rows` rows; `columns` override those of DiffusionDB, null leaves one out. */
export async function writeParquet(
  file: string,
  rows: number,
  options: { columns?: Readonly<Record<string, string | null>>; orderBy?: string } = {},
): Promise<void> {
  await using writer = await ScratchReader.open();
  const columns = Object.entries({ ...COLUMNS, ...options.columns })
    .filter(([, expression]) => expression !== null)
    .map(([name, expression]) => `${expression} as "${name}"`);
  const query = `select ${columns.join(', ')} from range(${rows}) as rows(i) order by ${options.orderBy ?? 'i'}`;
  await writer.number(`copy (${query}) to ${text(file)} (format parquet)`);
}
