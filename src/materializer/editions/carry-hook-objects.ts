import type { Edition } from '../edition.ts';
import type { Project } from '../../project/project-contract.ts';
import { makeInAnyOrder, type NotMade } from '../../warehouse/any-order.ts';
import { catalogObjects, objectKey, type CatalogObject } from '../../warehouse/catalog-objects.ts';
import type { Connection } from '../../warehouse/connection.ts';
import { copyRows } from '../../warehouse/copy-rows.ts';
import { ident, qualified } from '../../warehouse/sql.ts';

const CARRIED = 'lens_carried_hook';

/**
 * Has a next edition take over what hooks have made in the live one, while nobody writes to either. Gives what is to be said: views and macros
 * over what is not there any more are left behind, and indexes that do not fit.
 */
export async function takeHookObjects(live: Edition, next: Edition): Promise<string[]> {
  using from = await live.warehouse.connect();
  const left = await next.write((to) => carryHookObjects(from, to, next.project));
  return left.map(
    ({ one, reason }) => `the ${one.kind} ${one.schema}.${one.name}, which a hook made, was left behind: ${reason}`,
  );
}

interface Made {
  readonly kind: CatalogObject['kind'];
  readonly schema: string;
  readonly name: string;
  /** The statement that made it. */
  readonly definition: string;
}

/**
 * Has what hooks have made in one edition be in another as it is there: tables with their rows, views, macros, sequences, types, indexes.
 * No record of the log gives it back.
 *
 * @param to inside a transaction
 * @param project by which the other is kept
 */
async function carryHookObjects(from: Connection, to: Connection, project: Project): Promise<NotMade<Made>[]> {
  const [live, before] = [await made(from), await made(to)];
  if (live.length + before.length === 0) return [];
  await drop(to, before);
  const objects = await catalogObjects(from);
  const taken = placesOf(project);
  const found = live.flatMap((one) => {
    const object = objects.get(objectKey(one));
    // The project may have a model at its place by now.
    return object === undefined || taken.has(objectKey({ ...one, kind: 'table' })) ? [] : [{ ...one, object }];
  });
  const of = (kind: CatalogObject['kind']): typeof found => found.filter((one) => one.kind === kind);
  for (const { schema } of found) await to.run(`create schema if not exists ${ident(schema)}`);
  for (const { name } of of('schema')) await to.run(`create schema if not exists ${ident(name)}`);
  for (const { object } of of('sequence')) await to.run(await sequenceSql(from, object));
  const left = await makeInAnyOrder(to, [
    ...[...of('type'), ...of('macro')].map((one) => ({ ...one, sql: one.definition })),
    ...[...of('table'), ...of('view')].map((one) => ({ ...one, sql: one.object.sql })),
  ]);
  const among = (some: readonly Made[]) => {
    const keys = new Set(some.map(objectKey));
    return (one: Pick<Made, 'kind' | 'schema' | 'name'>): boolean => keys.has(objectKey(one));
  };
  const isLeft = among(left.map(({ one }) => one));
  for (const { object } of of('table')) if (!isLeft(object)) await copyTable(from, to, object);
  const unfit = await makeIndexes(to, of('index'), await due(to, project));
  const isUnfit = among(unfit.map(({ one }) => one));
  const carried = found.filter((one) => !isLeft(one) && !isUnfit(one));
  // Those on models that it had already go on being of hooks.
  const present = await catalogObjects(to);
  const own = before.filter((one) => one.kind === 'index' && present.has(objectKey(one)) && !among(carried)(one));
  for (const { kind, schema, name, definition } of [...carried, ...own]) {
    await to.run('insert into lens.hook_objects values (?, ?, ?, ?)', [kind, schema, name, definition]);
  }
  return [...left, ...unfit];
}

function placesOf({ models, seeds, sources }: Project): Set<string> {
  const places = [...models, ...seeds].map(({ schema, alias: name }) => ({ schema, name }));
  const raw = sources.map(({ schema, table: name }) => ({ schema, name }));
  return new Set([...places, ...raw].map((place) => objectKey({ ...place, kind: 'table' })));
}

async function due(to: Connection, project: Project): Promise<Set<string>> {
  const rows = await to.rows<{ model: string }>('select model from lens.hooks_due');
  const names = new Set(rows.map(({ model }) => model));
  const models = project.models.filter(({ name }) => names.has(name));
  return new Set(models.map(({ schema, alias }) => objectKey({ kind: 'table', schema, name: alias })));
}

function made(connection: Connection): Promise<Made[]> {
  return connection.rows<Made>('select distinct kind, schema_name as schema, name, definition from lens.hook_objects');
}

/** What an edition that is a copy, or was kept, has of them. */
async function drop(to: Connection, all: readonly Made[]): Promise<void> {
  const present = await catalogObjects(to);
  for (const kind of ['index', 'view', 'table', 'sequence', 'macro', 'type'] as const) {
    for (const one of all) {
      const object = present.get(objectKey(one));
      // Those on models go with their tables.
      if (one.kind !== kind || object === undefined || kind === 'index') continue;
      await to.run(`drop ${kind} if exists ${qualified(one.schema, one.name)}${kind === 'macro' ? '' : ' cascade'}`);
    }
  }
  await to.run('delete from lens.hook_objects');
}

async function copyTable(from: Connection, to: Connection, { schema, name }: CatalogObject): Promise<void> {
  const table = qualified(schema, name);
  await from.transaction(() => copyRows(from, `select * from ${table}`, to, CARRIED));
  await to.run(`insert into ${table} select * from ${ident(CARRIED)}; drop table ${ident(CARRIED)}`);
}

/** It goes on where it is. */
async function sequenceSql(from: Connection, { schema, name, sql }: CatalogObject): Promise<string> {
  const [row] = await from.rows<{ next: string | null }>(
    `select (last_value + increment_by)::varchar as next from duckdb_sequences()
     where database_name = current_database() and schema_name = ? and sequence_name = ?`,
    [schema, name],
  );
  return row?.next == null ? sql : sql.replace(/\bSTART (?:WITH )?-?\d+/i, `START ${row.next}`);
}

/**
 * On tables that are there. Gives those that do not fit them: a model may have had other columns in an edition that was kept.
 *
 * @param due places, by {@link objectKey}, of models that were built anew: their hooks are to make their indexes
 */
async function makeIndexes<T extends Made & { readonly object: CatalogObject }>(
  to: Connection,
  indexes: readonly T[],
  due: ReadonlySet<string>,
): Promise<NotMade<T>[]> {
  const present = await catalogObjects(to);
  const wanted = indexes.filter(({ object }) => {
    const table = objectKey({ kind: 'table', schema: object.schema, name: object.on?.table ?? '' });
    return present.has(table) && !present.has(objectKey(object)) && !due.has(table);
  });
  return makeInAnyOrder(
    to,
    wanted.map((one) => ({ ...one, sql: one.object.sql })),
  );
}
