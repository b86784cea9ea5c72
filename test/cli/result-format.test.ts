import { expect, test } from 'vitest';
import { resultPrinter, type ResultFormat } from '../../src/cli/result-format.ts';

const result = {
  columns: [
    { name: 'id', type: 'BIGINT' },
    { name: 'text', type: 'VARCHAR' },
    { name: 'id', type: 'DECIMAL(12,4)' },
    { name: 'list', type: 'INTEGER[]' },
  ],
  rows: [
    [1, 'a "b", c', '1.5000', [1, 2]],
    [20, '', null, null],
    [300, 'two\nlines', '0.0001', []],
  ],
};

const expected: Record<ResultFormat, string> = {
  json: `[{"id":1,"text":"a \\"b\\", c","id_1":"1.5000","list":[1,2]},
 {"id":20,"text":"","id_1":null,"list":null},
 {"id":300,"text":"two\\nlines","id_1":"0.0001","list":[]}]`,
  csv: `id,text,id_1,list
1,"a ""b"", c",1.5000,"[1,2]"
20,"",,
300,"two
lines",0.0001,[]`,
  table: ` id  text          id_1  list
  1  a "b", c    1.5000  [1,2]
 20                null  null
300  two\\nlines  0.0001  []
(3 rows)`,
};

/** What is printed of rows that come in pieces of one. */
async function printed(format: ResultFormat, rows: readonly (readonly unknown[])[]): Promise<string> {
  const texts: string[] = [];
  const printer = resultPrinter(format, async (text) => void texts.push(text));
  await printer.columns(result.columns);
  for (const row of rows) await printer.rows([row]);
  await printer.end();
  return texts.join('\n');
}

test.each(Object.keys(expected) as ResultFormat[])('%s', async (format) => {
  expect(await printed(format, result.rows)).toBe(expected[format]);
});

test('no rows are an empty array, or the header alone', async () => {
  expect(await printed('json', [])).toBe('[]');
  expect(await printed('csv', [])).toBe('id,text,id_1,list');
  expect(await printed('table', [])).toBe('id  text  id_1  list\n(0 rows)');
});

test('a null alone is an empty line of CSV, and long results come in parts', async () => {
  const texts: string[] = [];
  const printer = resultPrinter('csv', async (text) => void texts.push(text));
  await printer.columns([{ name: 'a', type: 'VARCHAR' }]);
  await printer.rows([[null], [null], ['x'.repeat(100_000)], ['y']]);
  await printer.end();
  expect(texts.map((text) => text.length)).toEqual([1, 100_002, 1]);
  expect(texts[1]?.slice(0, 3)).toBe('\n\nx');
});
