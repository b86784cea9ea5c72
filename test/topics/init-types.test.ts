import { describe, expect, it } from 'vitest';
import { shapeOf } from '../../src/topics/record-shape.ts';
import { sqlType } from '../../src/core/columns.ts';
import { schemaOf } from '../../src/topics/init-contract.ts';
import { fieldNames, fieldOfType } from '../../src/topics/init-types.ts';
import { thingsFolder } from './projects.ts';
import { loadTopics } from '../../src/topics/catalog.ts';

/** The type of the column that a column of the written type becomes, and what is to be looked at. */
function becomes(type: string): [string, ...string[]] {
  const { name, type: avro, nullable, doubts } = fieldOfType('c', type, true);
  const { schema } = schemaOf('things', [{ name, type: avro, nullable, doubts }], []);
  const { fields } = schema as { fields: unknown[] };
  const contract = loadTopics(thingsFolder('table: raw_things\nmode: append\n', fields)).contract('things');
  return [sqlType(shapeOf(contract).fields[0]?.column.type ?? { kind: 'blob' }), ...doubts];
}

describe('the type of a column in a file', () => {
  it.each([
    ['HUGEINT', 'DECIMAL(38,0)'],
    ['UBIGINT', 'DECIMAL(20,0)'],
    ['UINTEGER', 'BIGINT'],
    ['DECIMAL(30,2)', 'DECIMAL(30,2)'],
    ['TIMESTAMP_S', 'TIMESTAMP'],
    ["ENUM('a(', 'b,')", 'VARCHAR'],
    ['UUID', 'VARCHAR'],
    ['INTEGER[]', 'INTEGER[]'],
    ['FLOAT[3]', 'FLOAT[]'],
    ['VARCHAR[][]', 'VARCHAR[][]'],
    ['STRUCT(a INTEGER, "group" VARCHAR)', 'STRUCT("a" INTEGER, "group" VARCHAR)'],
    [
      'STRUCT(team STRUCT(id BIGINT, "name" VARCHAR), goals STRUCT(n DECIMAL(4,1))[])[]',
      'STRUCT("team" STRUCT("id" BIGINT, "name" VARCHAR), "goals" STRUCT("n" DECIMAL(4,1))[])[]',
    ],
  ])('%s is %s', (type, column) => {
    expect(becomes(type)).toEqual([column]);
  });

  it.each([
    ['TIMESTAMP WITH TIME ZONE', 'TIMESTAMP', 'c is a TIMESTAMP in UTC: Avro has none with a time zone'],
    ['TIMESTAMP_NS', 'TIMESTAMP', 'c has whole microseconds, what is beyond them is cut off'],
    ['JSON', 'VARCHAR', 'c is a text: functions of JSON take it, column.field does not'],
    ['MAP(VARCHAR, INTEGER)', 'VARCHAR', 'c is a text: no Avro type for MAP(VARCHAR, INTEGER)'],
    ['STRUCT("a b" INTEGER)', 'VARCHAR', 'c is a text: no Avro type for STRUCT("a b" INTEGER)'],
    [
      'STRUCT(at TIME, x STRUCT(j JSON))[]',
      'STRUCT("at" VARCHAR, "x" STRUCT("j" VARCHAR))[]',
      'c.at is a text: no Avro type for TIME',
      'c.x.j is a text: functions of JSON take it, column.field does not',
    ],
  ])('%s is %s, to be looked at', (type, ...found) => {
    expect(becomes(type)).toEqual(found);
  });
});

it('columns with names that are none in Avro are fields by words made of them, each another', () => {
  const columns = ['id', 'Order ID', 'order_id', 'Order-ID', '2019', 'Größe', '%'];
  expect([...fieldNames(columns).values()]).toEqual([
    'id',
    'Order_ID_2',
    'order_id',
    'Order_ID_3',
    '_2019',
    'Gr__e',
    '_',
  ]);
});
