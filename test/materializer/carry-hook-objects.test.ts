import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Edition } from '../../src/materializer/edition.ts';
import { takeHookObjects } from '../../src/materializer/editions/carry-hook-objects.ts';
import { catalogObjects } from '../../src/warehouse/catalog-objects.ts';
import { projectFolder } from '../project/project-folder.ts';
import { Workshop } from './workshop.ts';

/** A live edition and a next one, of a project with one model. */
async function editions(): Promise<Record<'live' | 'next', Edition>> {
  const dir = projectFolder({
    'dbt_project.yml': 'name: lab\nversion: 0.1.0\nconfig-version: 2\n',
    'topics/manifest.json': '{}',
    'models/m.sql': "{{ config(materialized='table') }} select 1 as id",
  });
  const workshop = new Workshop(dir);
  const { project, catalog } = workshop;
  const open = async (name: string): Promise<Edition> => {
    const edition = await Edition.open(path.join(workshop.dir, name), { project, catalog, warehouse: { threads: 1 } });
    onTestFinished(() => edition[Symbol.asyncDispose]());
    // as after its hooks
    await edition.write((connection) => connection.run('delete from lens.hooks_due'));
    return edition;
  };
  onTestFinished(() => workshop[Symbol.asyncDispose]());
  return { live: await open('live.duckdb'), next: await open('next.duckdb') };
}

/** As hooks make them: `KIND SCHEMA.NAME` and the statement. */
function make(edition: Edition, objects: Readonly<Record<string, string>>): Promise<void> {
  return edition.write(async (connection) => {
    for (const [what, sql] of Object.entries(objects)) {
      const [kind = '', schema = '', name = ''] = what.split(/[ .]/);
      await connection.run(sql);
      await connection.run('insert into lens.hook_objects values (?, ?, ?, ?)', [kind, schema, name, sql]);
    }
  });
}

/** What of a kind there is beside what the program makes, and what is said to be of hooks. */
async function found(edition: Edition): Promise<{ there: string[]; noted: string[] }> {
  using connection = await edition.warehouse.connect();
  const objects = [...(await catalogObjects(connection)).values()].filter(({ schema }) => schema !== 'lens');
  const noted = await connection.rows<{ one: string }>(
    `select kind || ' ' || schema_name || '.' || name as one from lens.hook_objects order by all`,
  );
  return {
    there: objects.map(({ kind, schema, name }) => `${kind} ${schema}.${name}`).sort(),
    noted: noted.map(({ one }) => one),
  };
}

async function rows(edition: Edition, sql: string): Promise<unknown[]> {
  using connection = await edition.warehouse.connect();
  return (await connection.rows<Record<string, unknown>>(sql)).map((row) => Object.values(row).join(' '));
}

const MADE = {
  'schema audit.audit': 'create schema audit',
  'sequence audit.ids': 'create sequence audit.ids start 5',
  'type audit.mood': "create type audit.mood as enum ('glad', 'sad')",
  'table audit.log': 'create table audit.log (id integer, mood audit.mood)',
  'view audit.z': 'create view audit.z as select id from audit.log',
  'view audit.a': 'create view audit.a as select id from audit.z',
  'macro audit.total': 'create macro audit.total() as table select count(*) as n from audit.a',
  'index audit.by_id': 'create index by_id on audit.log (id)',
  'index main.by_model': 'create index by_model on main.m (id)',
} as const;

describe('what hooks have made', () => {
  it('is in the next edition as it is in the live one, also where it had its own', async () => {
    const { live, next } = await editions();
    await make(live, MADE);
    const insert = "insert into audit.log values (nextval('audit.ids'), 'glad'), (nextval('audit.ids'), 'sad')";
    await live.write((connection) => connection.run(insert));
    await make(next, {
      'schema audit.audit': 'create schema audit',
      'table audit.log': 'create table audit.log (older integer)',
      'view audit.z': 'create view audit.z as select * from audit.log',
      'index main.by_model': 'create index by_model on main.m (id)',
    });
    await next.write((connection) => connection.run('insert into audit.log values (1)'));
    expect(await takeHookObjects(live, next)).toEqual([]);
    expect(await found(next)).toEqual(await found(live));
    expect(await rows(next, 'select * from audit.log')).toEqual(['5 glad', '6 sad']);
    expect(await rows(next, 'select n from audit.total()')).toEqual(['2']);
    expect(await rows(next, "select nextval('audit.ids')")).toEqual(['7']);
  });

  it('in the next edition alone is not there any more', async () => {
    const { live, next } = await editions();
    await make(next, MADE);
    expect(await takeHookObjects(live, next)).toEqual([]);
    // An index goes with its table: that on the model is of its hooks on.
    const { there, noted } = await found(next);
    expect(there).toEqual(['index main.by_model', 'schema audit.audit', 'table main.m']);
    expect(noted).toEqual(['index main.by_model']);
    await make(live, { 'table main.kept': 'create table main.kept as select 1 as one' });
    await make(next, { 'view main.gone': 'create view main.gone as select 1 as one' });
    await takeHookObjects(live, next);
    expect((await found(next)).there.filter((one) => one.startsWith('table') || one.startsWith('view'))).toEqual([
      'table main.kept',
      'table main.m',
    ]);
  });

  it('gives way to a model at its place, and is left behind over what is not there', async () => {
    const { live, next } = await editions();
    await live.write((connection) => connection.run('drop table m'));
    await make(live, {
      'table main.M': 'create table main.M as select 7 as other',
      'table main.base': 'create table main.base as select 1 as one',
      'view main.over': 'create view main.over as select one from base',
      'view main.kept': 'create view main.kept as select id from (select 1 as id)',
      'index main.by_model': 'create index by_model on main.M (other)',
    });
    await live.write((connection) => connection.run('drop table base'));
    expect(await takeHookObjects(live, next)).toEqual([
      expect.stringMatching(/^the view main\.over, which a hook made, was left behind: .*base does not exist/),
      // a model had other columns in the edition that a rollback returns to
      expect.stringMatching(/^the index main\.by_model, which a hook made, was left behind: .*named "other"/),
    ]);
    expect((await found(next)).noted).toEqual(['view main.kept']);
    expect(await rows(next, 'select * from m')).toEqual(['1']);
  });

  it('on a model that was built anew is left to the hooks of the model', async () => {
    const { live, next } = await editions();
    await make(live, { 'index main.by_model': 'create index by_model on main.m (id)' });
    await next.write((connection) => connection.run("insert into lens.hooks_due values ('m')"));
    await takeHookObjects(live, next);
    expect((await found(next)).there).not.toContain('index main.by_model');
    await next.write((connection) => connection.run('delete from lens.hooks_due'));
    await takeHookObjects(live, next);
    expect((await found(next)).there).toContain('index main.by_model');
  });
});
