import { expect, test } from 'vitest';
import { ScratchReader } from '../../src/warehouse/scratch-reader.ts';

/** Rows seen of a query that goes on in chunks. */
async function rowsOf(reader: ScratchReader, sql: string): Promise<number> {
  let rows = 0;
  for await (const chunk of reader.stream(sql)) rows += chunk.rowCount;
  return rows;
}

test('a stream ends at its last row, or with the error in the middle of it', async () => {
  await using reader = await ScratchReader.open();
  expect(await rowsOf(reader, 'select * from range(10000)')).toBe(10_000);
  const failing = "select cast(if(i = 500000, 'x', '1') as int) from range(600000) r(i)";
  await expect(rowsOf(reader, failing)).rejects.toMatchObject({
    code: 'QUERY_FAILED',
    message: expect.stringMatching(/^Conversion Error: .*'x'/) as string,
  });
  expect(await rowsOf(reader, 'select 1')).toBe(1);
});
