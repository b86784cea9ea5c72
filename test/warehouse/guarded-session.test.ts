import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LensError, messageOf } from '../../src/core/errors.ts';
import { withoutLayout } from '../../src/project/sql-layout.ts';
import type { Connection } from '../../src/warehouse/connection.ts';
import { GuardedSession } from '../../src/warehouse/guarded-session.ts';
import { Warehouse } from '../../src/warehouse/warehouse.ts';

/** What the project has at a place. */
const OWNERS: Readonly<Record<string, string>> = {
  'main.orders': 'source table web.orders',
  'main.fct': 'model fct',
  'main.stg': 'model stg',
  'main.later': 'model later',
};

const dir = mkdtempSync(path.join(tmpdir(), 'lens-guard-'));
let warehouse: Warehouse;
let look: Connection;
let session: GuardedSession;

beforeAll(async () => {
  warehouse = await Warehouse.open(path.join(dir, 'warehouse.duckdb'));
  look = await warehouse.connect();
  await look.run(
    `create table orders (id integer, note varchar); insert into orders values (1, 'a'), (2, 'b');
     create table fct as select id, note from orders;
     create view stg as select id from orders;
     create table stray (a integer); insert into stray values (7);
     create index own_index on fct (note);
     insert into lens.hooks_due values ('fct')`,
  );
  session = new GuardedSession(await warehouse.connect(), {
    ownerOf: (schema, name) => OWNERS[`${schema}.${name}`.toLowerCase()] ?? null,
    indexable: (schema, name) => `${schema}.${name}` === 'main.fct',
  });
  await run('create schema if not exists audit');
  await run('create table audit.log (id integer primary key, what text)');
});

afterAll(async () => {
  await session[Symbol.asyncDispose]();
  look[Symbol.dispose]();
  await warehouse[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true, force: true });
});

function run(sql: string): Promise<unknown[][] | string> {
  return session.transaction(async () => {
    const done = await session.run(sql, withoutLayout(sql));
    return typeof done === 'string' ? done : done.rows.rows.map((row) => [...row]);
  });
}

/** Everything that hooks may not change, as text. */
async function kept(): Promise<string> {
  const rows = await Promise.all(
    [
      'select * from orders order by all',
      'select * from fct order by all',
      'select * from stg order by all',
      'select * from stray',
      'select * from lens.hooks_due',
      "select table_name, sql from duckdb_tables() where schema_name in ('main', 'lens') and not internal order by all",
      "select view_name, sql from duckdb_views() where schema_name = 'main' and not internal order by all",
      "select index_name from duckdb_indexes() where index_name = 'own_index'",
    ].map((sql) => look.rows(sql)),
  );
  return JSON.stringify(rows);
}

describe('a statement of a hook', () => {
  it.each([
    "insert into fct values (3, 'c')",
    "insert into main.fct select 3, 'c'",
    "insert into warehouse.main.FCT select 3, 'c'",
    'insert into "fct" by name select 3 as id',
    "with q as (select 3 as id, 'c' as n) insert into fct select * from q",
    "/* x */ -- y\n insert into fct values (3, 'c')",
    "insert or replace into fct values (1, 'c')",
    'update fct set note = null',
    'update orders set note = null from audit.log',
    'delete from orders',
    'delete from orders using audit.log where true',
    'truncate fct',
    'truncate table orders',
    'merge into fct using (select 1 as id) s on fct.id = s.id when matched then delete',
    'insert into stg values (3)',
    "insert into lens.hooks_due values ('x')",
    'delete from lens.checkpoint',
    'insert into stray values (8)',
    'explain analyze delete from fct',
    'drop table fct',
    'drop table if exists orders cascade',
    'drop view stg',
    'drop schema lens cascade',
    'drop index own_index',
    'alter table fct add column z integer',
    'alter table fct alter id type integer using (id + 1)',
    'alter table fct rename to gone',
    'alter view stg rename to gone',
    'create or replace table fct as select 1 as id',
    'create or replace view stg as select 1 as id',
    'create table later (a integer)',
    'create view main.later as select 1 as a',
    'create table lens.mine (a integer)',
    'create unique index u on fct (id)',
    'create index i on orders (id)',
    'create index i on lens.checkpoint (topic)',
    'create macro lower(x) as upper(x)',
    'create or replace macro main.sum(x) as 1',
    'begin',
    'commit',
    'rollback',
    'use audit',
    "set search_path = 'audit'",
    'set schema = audit',
    "attach ':memory:' as other",
    "copy fct to '/tmp/x.csv'",
    "copy audit.log from '/tmp/x.csv'",
    "export database '/tmp/x'",
    'prepare p as delete from fct',
    'execute p',
    'call force_checkpoint()',
    'select * from force_checkpoint()',
    'copy from database warehouse to memory',
  ])('may not change what is kept: %s', async (sql) => {
    const before = await kept();
    const failure = await run(sql).then(
      (done) => done,
      (error: unknown) => error,
    );
    expect(failure, messageOf(failure)).toBeInstanceOf(LensError);
    expect((failure as LensError).code, (failure as LensError).message).toBe('HOOK_REFUSED');
    expect(await kept()).toBe(before);
  });

  it.each([
    "set memory_limit = '1GB'",
    'set global threads = 2',
    'reset threads',
    'pragma threads = 2',
    'install httpfs',
    'load httpfs',
    'checkpoint',
    'force checkpoint',
  ])('that sets up the session is left out with a word: %s', async (sql) => {
    expect(await run(sql)).toMatch(/: not run, the warehouse is set up by lens.yml/);
  });

  it('may ask for what is part of DuckDB', async () => {
    expect([await run('install json'), await run('LOAD icu')]).toEqual([[], []]);
  });

  it('may change what hooks have made', async () => {
    await run("insert into audit.log values (1, 'a'), (2, (select note from fct where id = 2))");
    await run("insert into audit.log values (1, 'A') on conflict do update set what = excluded.what");
    await run(
      "merge into audit.log l using (select 3 as id) s on l.id = s.id when not matched then insert values (s.id, 'c')",
    );
    await run("update audit.log set what = what || '!' from fct where fct.id = log.id");
    await run('delete from audit.log where id in (select id from stg where id = 2)');
    await run('alter table audit.log add column noted timestamp');
    expect(await run('from audit.log order by id')).toEqual([
      [1, 'A!', null],
      [3, 'c', null],
    ]);
    await run('truncate audit.log');
    await run('create table audit.copy as from fct');
    await run('create or replace table audit.copy as from fct where id = 1');
    await run('create view audit.seen as select * from audit.copy');
    await run('drop view audit.seen');
    await run('drop table audit.copy');
    await run('create sequence audit.ids start 5');
    await run("insert into audit.log (id) values (nextval('audit.ids'))");
    await run('create macro audit.twice(x) as x * 2');
    expect(await run('select audit.twice(id) from audit.log')).toEqual([[10]]);
    await run('insert into audit.log (id) select audit.twice(50)');
    await run("create type audit.mood as enum ('good', 'bad')");
    await run('create table audit.moods (m audit.mood)');
    await run("insert into audit.moods values ('good')");
    await run('create temp table mine as select 1 as a');
    await run('insert into mine values (2)');
    await run('set variable day = 1');
    expect(await run("select getvariable('day') + count(*) from mine")).toEqual([[3]]);
    await run('drop schema audit cascade');
    await run('create schema audit');
    await run('create table audit.log (id integer primary key, what text)');
  });

  it('may make an index on a stored model, again and again, comment, and analyze', async () => {
    const sql = 'create index by_id on fct (id)';
    await run(sql);
    await run(sql);
    await expect(run('create index by_id on fct (note)')).rejects.toThrow('already exists');
    await run("comment on table fct is 'facts'");
    await run("comment on column stg.id is 'key'");
    await run('analyze');
    await run('vacuum analyze fct');
    await run('drop index by_id');
    expect(await look.rows("select comment from duckdb_tables() where table_name = 'fct'")).toEqual([
      { comment: 'facts' },
    ]);
  });

  it('that fails fails as DuckDB says, and leaves nothing', async () => {
    await expect(run('insert into nowhere values (1)')).rejects.toThrow('Table with name nowhere does not exist');
    await expect(run('grant select on fct to me')).rejects.toThrow('syntax error at or near "grant"');
    const both = session.transaction(async () => {
      await session.run('create table audit.half (a integer)', 'create table audit.half ( a integer )');
      await session.run('insert into audit.half values (1)', 'insert into audit.half values ( 1 )');
      throw new Error('enough');
    });
    await expect(both).rejects.toThrow('enough');
    await expect(run('insert into audit.half values (1)')).rejects.toThrow('does not exist');
  });
});
