import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { LensError } from '../../core/errors.ts';
import type { Project, UnitTest } from '../../project/project-contract.ts';
import { pythonText } from '../../project/python-text.ts';
import { isYamlRecord } from '../../project/yaml-file.ts';
import type { CatalogColumn } from '../../warehouse/plan-catalog.ts';
import { ident, text } from '../../warehouse/sql.ts';
import { csvRows } from './csv-rows.ts';

export type FixtureRow = Readonly<Record<string, unknown>>;

/** Rows that a unit test gives or expects. */
export type Fixture = { readonly rows: readonly FixtureRow[] } | { readonly sql: string };

/** Reads `rows`, `format` and `fixture` as dbt does. PROJECT_INVALID with dbt's words for what does not go together. */
export function readFixture(project: Project, test: UnitTest, said: unknown, what: 'input' | 'expected'): Fixture {
  const { rows, format = 'dict', fixture } = isYamlRecord(said) ? said : {};
  const wrong = (more = ''): LensError =>
    invalid(
      test,
      `Unit test ${test.name} has ${what} rows${format === 'dict' ? '' : ' or fixtures'} which do not match format ${String(format)}${more}`,
    );
  switch (format) {
    case 'dict':
      if (!Array.isArray(rows) || !rows.every(isYamlRecord)) throw wrong();
      return { rows };
    case 'csv':
    case 'sql': {
      const body = typeof fixture === 'string' ? fileOf(project, test, fixture, format) : rows;
      if (typeof body !== 'string') throw wrong('.  Expected string.');
      return format === 'sql' ? { sql: body } : { rows: csvRows(body) };
    }
    default:
      throw invalid(test, `Unit test ${test.name}: there is no format ${JSON.stringify(format)}`, 'dict, csv or sql');
  }
}

function fileOf(project: Project, test: UnitTest, name: string, format: string): string {
  for (const folder of test.fixturePaths) {
    const file = path.join(project.dir, folder, `${name}.${format}`);
    if (existsSync(file)) return readFileSync(file, 'utf8');
  }
  throw invalid(
    test,
    `File not found for fixture '${name}' in unit tests in ${test.path}`,
    `it is sought as ${test.fixturePaths.map((folder) => `${folder}/${name}.${format}`).join(', ')}`,
  );
}

export function invalid(test: UnitTest, problem: string, hint?: string): LensError {
  return new LensError('PROJECT_INVALID', problem, { place: test.place, hint });
}

/**
 * SQL of fixture rows, each value cast to the type of its column, as dbt's get_fixture_sql and get_expected_sql write it.
 *
 * @param whole all columns, null where a row says nothing; else those that a row has
 * @param of as dbt names them in an error: `'stg_orders'`, `expected output`
 */
export function fixtureSql(
  test: UnitTest,
  rows: readonly FixtureRow[],
  columns: readonly CatalogColumn[],
  whole: boolean,
  of: string,
): string {
  const byName = new Map(columns.map((column) => [column.name.toLowerCase(), column]));
  const selects = rows.map((row) => {
    const values = new Map<CatalogColumn, string>();
    for (const [name, value] of Object.entries(row)) {
      const column = byName.get(name.toLowerCase());
      if (column === undefined) throw unknownColumn(test, name, columns, of);
      values.set(column, `cast(${literal(value)} as ${column.type}) as ${ident(column.name)}`);
    }
    const list = whole
      ? columns.map((column) => values.get(column) ?? `cast(null as ${column.type}) as ${ident(column.name)}`)
      : [...values.values()];
    return `select ${list.join(', ')}`;
  });
  if (selects.length > 0) return selects.join('\nunion all\n');
  return `select ${columns.map(({ name, type }) => `cast(null as ${type}) as ${ident(name)}`).join(', ')} limit 0`;
}

function unknownColumn(test: UnitTest, name: string, columns: readonly CatalogColumn[], of: string): LensError {
  const accepted = columns.map((column) => `'${column.name}'`).join(', ');
  return invalid(
    test,
    `Invalid column name: '${name}' in unit test fixture for ${of}.\nAccepted columns for ${of} are: [${accepted}]`,
  );
}

/** A text in quotes, anything else as Python prints it. */
function literal(value: unknown): string {
  if (typeof value === 'string') return text(value);
  return value === null || value === undefined ? 'null' : pythonText(value);
}
