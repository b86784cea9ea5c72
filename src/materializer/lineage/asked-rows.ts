import { closestName } from '../../core/closest-name.ts';
import { LensError } from '../../core/errors.ts';
import type { MaintenancePlan, Relation } from '../../maintenance/maintenance-plan.ts';
import type { Planner } from '../../maintenance/planner.ts';
import type { Project } from '../../project/project-contract.ts';
import type { Connection } from '../../warehouse/connection.ts';
import { ident, idents, qualified, text } from '../../warehouse/sql.ts';
import { exists } from '../build-models.ts';
import type { InputTables } from '../input-tables.ts';
import type { RawTable } from '../raw-tables.ts';
import type { SeedTable } from '../seeds/seed-tables.ts';
import type { WhyQuestion } from './why-contract.ts';

/** A table of the warehouse by name: a model with how it follows from what it reads, or a raw table. */
export type NamedTable =
  | { readonly kind: 'model' | 'view'; readonly name: string; readonly plan: MaintenancePlan }
  | { readonly kind: 'raw table'; readonly name: string; readonly raw: RawTable }
  | { readonly kind: 'seed'; readonly name: string; readonly seed: SeedTable };

/** Finds a model, a raw table or `SOURCE.TABLE`. USAGE when there is none, or it has no rows of its own. */
export async function namedTable(
  name: string,
  project: Project,
  planner: Planner,
  { tables: raws, seeds }: InputTables,
): Promise<NamedTable> {
  const names = planner.plans.map(({ model }) => model);
  if (names.includes(name)) {
    const kind = project.model(name).materialized === 'view' ? 'view' : 'model';
    return { kind, name, plan: await planner.lineage(name, null) };
  }
  const source = project.sources.find((one) => `${one.sourceName}.${one.name}` === name)?.table ?? name;
  const raw = raws.find((one) => one.name.toLowerCase() === source.toLowerCase());
  if (raw !== undefined) return { kind: 'raw table', name: raw.name, raw };
  const seed = seeds.find((one) => one.name === name);
  if (seed !== undefined) return { kind: 'seed', name, seed };
  const waits = project.waiting.get(name);
  if (waits !== undefined) throw new LensError('USAGE', `${name} is not built: ${waits}`);
  if (project.models.some((model) => model.name === name)) {
    const hint = 'lens why takes the models that read it';
    throw new LensError('USAGE', `${name} is ephemeral: it has no rows of its own`, { hint });
  }
  const near = closestName(name, [...names, ...[...raws, ...seeds].map((one) => one.name)]);
  throw new LensError('USAGE', `${name} selects nothing`, {
    hint: near === undefined ? 'a model or a raw table is needed; lens status lists them' : `did you mean ${near}?`,
  });
}

/** A table's relation, quoted, ready for SQL. */
export function relationOf(table: NamedTable): string {
  if (table.kind === 'raw table') return table.raw.relation;
  if (table.kind === 'seed') return table.seed.relation;
  return qualified(table.plan.relation.schema, table.plan.relation.identifier);
}

function relationNames(table: NamedTable): Relation {
  if (table.kind === 'raw table') return { ...table.raw, identifier: table.raw.name };
  return table.kind === 'seed' ? table.seed : table.plan.relation;
}

/** ROW_NOT_FOUND for a table or view that is not in the warehouse yet. */
export async function requireBuilt(connection: Connection, table: NamedTable): Promise<void> {
  const relation = relationNames(table);
  if (await exists(connection, relation, table.kind === 'view' ? 'VIEW' : 'BASE TABLE')) return;
  throw new LensError('ROW_NOT_FOUND', `${table.name} is not in the warehouse yet`, {
    place: table.name,
    hint: 'lens run builds it; lens status says why it could not be',
  });
}

/**
 * The condition, over a table's columns, of the rows that a key names. USAGE for a key that cannot be one: another number of
 * values, a column that is not there, a value that is not of its type.
 */
export async function conditionOf(
  connection: Connection,
  table: NamedTable,
  project: Project,
  { key }: Pick<WhyQuestion, 'key'>,
): Promise<string> {
  const columns = await connection.describe(`select * from ${relationOf(table)}`);
  const given = Array.isArray(key) ? byPosition(table, project, key as readonly unknown[]) : Object.entries(key);
  if (given.length === 0) throw needed(table, project);
  const conditions: string[] = [];
  for (const [name, value] of given) {
    const column = columns.find((one) => one.name.toLowerCase() === name.toLowerCase());
    if (column === undefined) {
      const names = columns.map((one) => one.name);
      const near = closestName(name, names);
      throw new LensError('USAGE', `${table.name} has no column "${name}"`, {
        hint: near === undefined ? `columns: ${names.join(', ')}` : `did you mean ${near}?`,
      });
    }
    conditions.push(
      value === null
        ? `${ident(column.name)} is null`
        : `${ident(column.name)} = ${await typed(connection, column, value)}`,
    );
  }
  return conditions.join(' and ');
}

/** ROW_NOT_FOUND, with what the key is and an example of one. */
export async function notFound(
  connection: Connection,
  table: NamedTable,
  project: Project,
  key: unknown,
): Promise<LensError> {
  const [columns = []] = keysOf(table, project);
  const asked = JSON.stringify(key);
  const rows =
    columns.length === 0
      ? []
      : await connection.jsonRows(`select ${idents(columns)} from ${relationOf(table)} order by all limit 1`);
  const [example] = rows.map((row) => `lens why ${table.name} '${JSON.stringify(row).replaceAll("'", `'\\''`)}'`);
  const hints = [
    ...(columns.length === 0 ? [] : [`its key is ${columns.join(', ')}`]),
    ...(example === undefined ? [] : [`for example ${example}`]),
  ];
  return new LensError('ROW_NOT_FOUND', `${table.name} has no row ${asked}`, {
    place: table.name,
    hint: hints.length === 0 ? `lens query 'select * from ${table.name} limit 5' shows some` : hints.join('; '),
  });
}

/** The columns that values without names are of: those of the first list with so many. */
function keysOf(table: NamedTable, project: Project): (readonly string[])[] {
  if (table.kind === 'raw table') return [table.raw.contract.tableKey].filter((key) => key.length > 0);
  if (table.kind === 'seed') {
    const columns = table.seed.file.columns.map(({ name }) => name);
    return [columns.slice(0, 1), columns];
  }
  const declared = project.model(table.name).config['unique_key'];
  const unique: unknown = typeof declared === 'string' ? [declared] : declared;
  const named = Array.isArray(unique) && unique.every((one) => typeof one === 'string') ? unique : [];
  return [named, table.plan.key].filter((key) => key.length > 0);
}

function byPosition(table: NamedTable, project: Project, values: readonly unknown[]): [string, unknown][] {
  const columns = keysOf(table, project).find((key) => key.length === values.length);
  if (columns === undefined) throw needed(table, project, values.length);
  return columns.map((column, at) => [column, values[at]]);
}

function needed(table: NamedTable, project: Project, given = 0): LensError {
  const [columns] = keysOf(table, project);
  if (columns === undefined) {
    return new LensError('USAGE', `${table.name} has no key: its columns have to be named`, {
      hint: `lens why ${table.name} '{"COLUMN": VALUE}'`,
    });
  }
  const one = columns.length === 1 ? 'is one value' : `is ${columns.length} values`;
  const values = columns.map((column) => column.toUpperCase()).join(' ');
  return new LensError('USAGE', `the key of ${table.name} ${one} (${columns.join(', ')}), not ${given}`, {
    hint: `lens why ${table.name} ${values}, or any columns as JSON: '{"${columns[0]}": ...}'`,
  });
}

/** A value as SQL of the column's type. */
async function typed(connection: Connection, column: { name: string; type: string }, value: unknown): Promise<string> {
  const written = typeof value === 'string' ? value : JSON.stringify(value);
  // A cast would round.
  const whole = /INT(EGER)?$/.test(column.type);
  const source = column.type === 'BLOB' ? `from_base64(${text(written)})` : text(written);
  const sql = `cast(${source} as ${column.type})`;
  const readable =
    (!whole || /^[+-]?\d+$/.test(written)) &&
    (await connection.rows(`select ${sql}`).then(
      () => true,
      () => false,
    ));
  if (readable) return sql;
  throw new LensError('USAGE', `${column.name} is ${column.type}: ${JSON.stringify(value)} is no value of it`, {
    hint: 'dates and timestamps are ISO 8601, decimals and large whole numbers may be texts, bytes are base64',
  });
}
