import { withExpressions } from '../../project/compile.ts';
import type { Project, Relation, RenderOverrides, UnitTest } from '../../project/project-contract.ts';
import { pythonText } from '../../project/python-text.ts';
import { isYamlRecord } from '../../project/yaml-file.ts';
import type { Connection } from '../../warehouse/connection.ts';
import type { CatalogColumn } from '../../warehouse/plan-catalog.ts';
import { ident } from '../../warehouse/sql.ts';
import { ephemeralName } from '../../project/relation-values.ts';
import type { EmptyRelations } from './empty-relations.ts';
import { fixtureSql, invalid, readFixture } from './fixture.ts';
import { type GivenInput, givenInputs } from './given-inputs.ts';
import { type Row, tableDiff } from './table-diff.ts';

/** What a unit test over rows is run with. */
export interface RowsTestWork {
  readonly project: Project;
  readonly connection: Connection;
  readonly relations: EmptyRelations;
}

export interface RowsTestOutcome {
  /** The model's SELECT over the given rows. */
  readonly compiledCode: string;
  /** How the rows differ from those expected; null when they do not. */
  readonly diff: string | null;
}

/**
 * Runs a unit test as dbt does: the model's SELECT with its inputs in place of the relations it reads, as common table expressions,
 * compared with the expected rows in the columns that these have. PROJECT_INVALID, QUERY_FAILED, MODEL_RENDER_FAILED when it
 * cannot be run.
 */
export async function runRowsTest(work: RowsTestWork, test: UnitTest): Promise<RowsTestOutcome> {
  const inputs = givenInputs(work.project, test);
  const compiledCode = await compiled(work, test, inputs);
  const { connection, project } = work;
  const columns = await connection.describe(compiledCode);
  const expected = readFixture(project, test, test.yml['expect'], 'expected');
  const rows = 'rows' in expected ? expected.rows : [];
  const compared = rows[0] === undefined ? columns : namedColumns(columns, Object.keys(rows[0]));
  const expectedSql =
    'sql' in expected ? expected.sql : fixtureSql(test, rows, columns, rows.length === 0, 'expected output');
  const diff = tableDiff(
    compared.map(({ name }) => name),
    await rowsOf(connection, expectedSql, compared),
    await rowsOf(connection, compiledCode, compared),
  );
  return { compiledCode, diff };
}

async function compiled(work: RowsTestWork, test: UnitTest, inputs: readonly GivenInput[]): Promise<string> {
  const { project, relations } = work;
  const model = project.model(test.model);
  const notGiven = (name: string): Error =>
    invalid(
      test,
      `Unit_Test '${test.uniqueId}' (${test.path}) depends on a node named '${name}' which was not found`,
      'give it rows in given:, an empty list where it has none',
    );
  const naming = (relation: Relation): string => {
    // by its place: a source may be the table of a seed
    const found = inputs.find(
      (input) => input.relation.schema === relation.schema && input.relation.identifier === relation.identifier,
    );
    if (found === undefined) throw notGiven(relation.name);
    return found.expression;
  };
  const sql = project.renderer.model(model, naming, overridesOf(test));
  for (const name of model.dependsOn.models) {
    const expression = ephemeralName(name);
    if (project.model(name).materialized !== 'ephemeral' || !sql.includes(expression)) continue;
    if (!inputs.some((input) => input.expression === expression)) throw notGiven(name);
  }
  const expressions: string[] = [];
  for (const { relation, expression, said } of inputs) {
    const fixture = readFixture(project, test, said, 'input');
    const columns = 'sql' in fixture ? [] : await relations.columns(relation);
    const select =
      'sql' in fixture
        ? fixture.sql
        : fixtureSql(test, fixture.rows, columns ?? columnsIn(fixture.rows), true, `'${relation.name}'`);
    expressions.push(`${ident(expression)} as (\n${select}\n)`);
  }
  return withExpressions(sql, expressions);
}

/** Where nobody knows the types of an input: those of its rows. */
function columnsIn(rows: readonly Readonly<Record<string, unknown>>[]): CatalogColumn[] {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return names.map((name) => {
    const values = rows.map((row) => row[name]).filter((value) => value !== null && value !== undefined);
    const type = values.every((value) => typeof value === 'boolean')
      ? 'boolean'
      : values.every((value) => typeof value === 'bigint' || Number.isInteger(value))
        ? 'bigint'
        : values.some((value) => typeof value === 'string')
          ? 'varchar'
          : 'double';
    return { name, type: values.length === 0 ? 'varchar' : type };
  });
}

/** `overrides:` of a unit test. */
export function overridesOf(test: UnitTest): RenderOverrides {
  const said = test.yml['overrides'];
  const { macros, vars, env_vars: env } = isYamlRecord(said) ? said : {};
  const environment = Object.entries(isYamlRecord(env) ? env : {}).map(([name, value]) => [
    name,
    typeof value === 'string' ? value : pythonText(value),
  ]);
  return {
    macros: isYamlRecord(macros) ? macros : {},
    vars: isYamlRecord(vars) ? vars : {},
    env: Object.fromEntries(environment) as Record<string, string>,
  };
}

function namedColumns(columns: readonly CatalogColumn[], names: readonly string[]): CatalogColumn[] {
  // What is not there is refused by the SQL of the rows.
  return names.flatMap((name) => columns.find((column) => column.name.toLowerCase() === name.toLowerCase()) ?? []);
}

/** Rows as texts, each value of the type that the model gives it. */
export async function rowsOf(connection: Connection, sql: string, columns: readonly CatalogColumn[]): Promise<Row[]> {
  const list = columns.map(({ name, type }, at) => `cast(cast(${ident(name)} as ${type}) as varchar) as c${at}`);
  const rows = await connection.rows<Record<string, string | null>>(`select ${list.join(', ')} from (\n${sql}\n)`);
  return rows.map((row) => columns.map((_, at) => row[`c${at}`] ?? null));
}
