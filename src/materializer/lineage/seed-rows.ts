import { createTemporary, temporary } from '../../maintenance/change-set.ts';
import type { Connection } from '../../warehouse/connection.ts';
import { idents, sameRow } from '../../warehouse/sql.ts';
import { readSeedAgain, type SeedTable } from '../seeds/seed-tables.ts';
import type { WhyRow } from './why-contract.ts';

/**
 * Distinct rows of a seed with the lines of its file that they stand in. A row that is not in the file as it is now has none: the
 * file was changed since it was loaded.
 *
 * @param rows a temporary table with whole rows
 */
export async function seedRows(
  connection: Connection,
  seed: SeedTable,
  rows: string,
  limit: string,
): Promise<WhyRow[]> {
  const names = seed.file.columns.map(({ name }) => name);
  const file = temporary('new', `why_${seed.name}`);
  const found = temporary('found', `why_${seed.name}`);
  await readSeedAgain(connection, seed, file);
  const inOrder = (await connection.number(`select count(*) from ${file}`)) === seed.file.lines.length;
  await connection.run(
    createTemporary(
      found,
      `with f as (select *, row_number() over (order by rowid) - 1 as lens_row from ${file})
       select r.*, (select list(f.lens_row order by f.lens_row) from f where ${sameRow('f', 'r', names)}) as lens_rows
       from (select ${idents(names)}, count(*) as lens_copies from ${rows} group by all order by all ${limit}) r`,
    ),
  );
  const values = await connection.jsonRows(`select * from ${found} order by all`);
  return values.map(({ lens_rows: at, lens_copies: copies, ...key }) => {
    const lines = inOrder ? ((at ?? []) as number[]) : [];
    const places = lines.map((row) => `${seed.file.seed.path}:${seed.file.lines[row]}`);
    return { key, copies: Number(copies), lines: places };
  });
}
