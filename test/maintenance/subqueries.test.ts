import { describe, expect, it } from 'vitest';
import { analyse } from '../../src/maintenance/analysed-model.ts';
import { stabilityIn, type Surroundings } from '../../src/maintenance/surroundings.ts';
import { PlanCatalog } from '../../src/warehouse/plan-catalog.ts';

const TABLES = {
  users: { columns: { user_id: 'BIGINT', name: 'VARCHAR' }, key: ['user_id'] },
  orders: { columns: { order_id: 'BIGINT', user_id: 'BIGINT', note: 'VARCHAR', total: 'INTEGER' }, key: ['order_id'] },
} as const;

/** Tables that a SELECT reads, each with why it has to be read whole, or null. */
async function inputsOf(sql: string): Promise<Record<string, string | null>> {
  await using catalog = await PlanCatalog.open();
  for (const [name, { columns }] of Object.entries(TABLES)) {
    await catalog.createTable(
      'main',
      name,
      Object.entries(columns).map(([column, type]) => ({ name: column, type })),
    );
  }
  const of = (table: string): (typeof TABLES)[keyof typeof TABLES] => TABLES[table.slice(5) as keyof typeof TABLES];
  const around: Surroundings = {
    stability: await stabilityIn(catalog),
    relation: (table) => ({ name: table.slice(5), schema: 'main', identifier: table.slice(5) }),
    keysOf: (table) => [of(table).key],
    neverNull: (table) => of(table).key,
    columns: (table) => Object.entries(of(table).columns).map(([name, type]) => ({ name, type })),
  };
  const model = { name: 'm', sql, columns: await catalog.describe(sql), declaredKey: [], calls: [] };
  const { inputs } = await analyse(catalog, model, around);
  return Object.fromEntries(inputs.map(({ relation, whole }) => [relation.name, whole]));
}

const byKey = { users: null, orders: null };
const oneNull = { users: null, orders: 'IN or EXISTS as a value: one null changes every row' };

describe('subqueries', () => {
  it.each([
    [
      'of plain rows',
      'select user_id, (select max(total) from orders o where o.user_id = u.user_id) from users u',
      byKey,
    ],
    [
      'of a view with computed columns, below which DuckDB decorrelates',
      `with paid as (select *, coalesce(total, 0) as amount from orders where note = 'paid')
       select user_id, (select sum(amount) from paid p where p.user_id = u.user_id) from users u`,
      byKey,
    ],
    [
      'with the latest row of each',
      `select user_id, (select note from orders o where o.user_id = u.user_id order by order_id desc limit 1) from users u`,
      byKey,
    ],
    [
      'not in, of a column that may be null',
      'select * from users where user_id not in (select user_id from orders)',
      oneNull,
    ],
    [
      'not in, of a column whose nulls are filtered',
      'select * from users where user_id not in (select user_id from orders where user_id is not null)',
      byKey,
    ],
    [
      'not in, of a key',
      'select * from orders where user_id is not null and user_id not in (select user_id from users)',
      byKey,
    ],
    [
      'not in, where the value itself may be null',
      'select * from orders where user_id not in (select user_id from users)',
      { orders: null, users: 'IN or EXISTS as a value: one null changes every row' },
    ],
    [
      'in as a value',
      'select *, user_id in (select u.user_id from users u) as known from orders where user_id > 0',
      byKey,
    ],
    [
      'in as a value, from the right side of a left join',
      `select u.user_id, u.user_id in (select x.user_id from orders o left join users x on x.user_id = o.user_id) as e
       from users u`,
      { users: 'IN or EXISTS as a value: one null changes every row', orders: oneNull.orders },
    ],
    [
      'count(*) of a whole table, which reads none of its columns',
      'select (select count(*) from users) as users, (select count(*) from orders) as orders',
      {
        users: 'an aggregate over all rows',
        orders: 'a join without an equality',
      },
    ],
  ] as const)('%s', async (_, sql, expected) => {
    expect(await inputsOf(sql)).toEqual(expected);
  });
});
