import { DuckDBInstance } from '@duckdb/node-api';
import { expect, it } from 'vitest';
import { onlyIn } from '../../src/maintenance/change-set.ts';
import { recomputeKeys, restrictedSql } from '../../src/maintenance/recompute-keys.ts';
import { collectKeys, touchedKeyQueries } from '../../src/maintenance/touched-keys.ts';
import { Connection } from '../../src/warehouse/connection.ts';
import { planOf } from './plan-of.ts';

const plan = await planOf('select k, upper(label) as label from @dims');

/** A model over 300 rows of which some changed, redone for their keys. */
async function redone(
  changed: number,
  small: ReadonlySet<string>,
): Promise<{ sql: string; rows: number; wrong: number }> {
  const instance = await DuckDBInstance.create(':memory:');
  using connection = new Connection(await instance.connect());
  await connection.run(
    `create table dims as select range as k, 'a' || range as label, 'u' as "user" from range(300);
     create table m as ${plan.fullSql};
     create temp table came as select k, 'b' as label, "user" from dims where k < ${changed};
     delete from dims where k < ${changed}; insert into dims from came`,
  );
  const changes = new Map([['dims', { ...onlyIn('came'), onlyIn: false }]]);
  const keys = await collectKeys(connection, plan, touchedKeyQueries(plan, changes), small);
  if (keys === null) throw new Error('nothing was touched');
  const applied = await recomputeKeys(connection, plan, keys);
  const wrong = await connection.number(
    `select count(*) from ((from m except all ${plan.fullSql}) union all (${plan.fullSql} except all from m))`,
  );
  return { sql: restrictedSql(plan, keys, new Map()), rows: applied?.rowsChanged ?? 0, wrong };
}

it('many keys are looked up in a small table by a comparison that DuckDB makes no list of, with the same rows', async () => {
  const small = new Set(['"main"."dims"', '"main"."m"']);
  const inDims = (equal: string): string => `"main"."dims" i semi join lens_values_0 v on i."k" ${equal} v.k0`;
  const many = await redone(200, small);
  expect(many.sql).toContain(inDims('is not distinct from'));
  expect(many).toMatchObject({ rows: 400, wrong: 0 });
  const few = await redone(100, small);
  expect(few.sql).toContain(inDims('='));
  expect(few).toMatchObject({ rows: 200, wrong: 0 });
  expect((await redone(200, new Set())).sql).toContain(inDims('='));
});
