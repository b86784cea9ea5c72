import { expect, test } from 'vitest';
import { formatResult, type ResultFormat } from '../../src/cli/result-format.ts';
import type { QueryResult } from '../../src/materializer/operations.ts';

const result: QueryResult = {
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
  truncated: false,
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

test.each(Object.keys(expected) as ResultFormat[])('%s', (format) => {
  expect([...formatResult(result, format)].join('\n')).toBe(expected[format]);
});

test('no rows are an empty array, or the header alone', () => {
  const none = { ...result, rows: [] };
  expect([...formatResult(none, 'json')]).toEqual(['[]']);
  expect([...formatResult(none, 'csv')]).toEqual(['id,text,id_1,list']);
});
