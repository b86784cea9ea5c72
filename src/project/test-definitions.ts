import { describe, docBlocksOf } from './columns.ts';
import { closestName } from '../core/closest-name.ts';
import { mergeConfig, type Config } from './config-tree.ts';
import { genericTestTemplate, type TestDefinition } from './data-test.ts';
import { parseFile } from './macro-library.ts';
import { tagsOf, twice } from './model-files.ts';
import type { Relation } from './project-contract.ts';
import type { ProjectFile } from './project-file.ts';
import { imposedOn, treeOf, writtenFor, type ProjectPart } from './project-part.ts';
import { filesBelow, fileText, foldersBelow, stem } from './project-files.ts';
import type { ColumnProperties, Properties, SingularTestProperties, TestDeclaration } from './properties.ts';
import { quoteIdentifier } from './relation-naming.ts';
import { genericTestCall, genericTestName, testHash, testMetadata } from './test-names.ts';

/** Definitions of the data tests of one model or source table, and their ids by column (null: of the whole). */
export interface GenericTests {
  readonly definitions: readonly TestDefinition[];
  readonly byColumn: ReadonlyMap<string, readonly string[]>;
  /** Tests of packages, which are not loaded: a sentence each. */
  readonly warnings: readonly string[];
}

/** The generic tests that a yml file declares of a relation. PROJECT_INVALID for a test that does not exist. */
export function genericTests(properties: Properties, target: Relation, part: ProjectPart): GenericTests {
  const definitions: TestDefinition[] = [];
  const byColumn = new Map<string, string[]>();
  const warnings: string[] = [];
  const add = (declaration: TestDeclaration, column: ColumnProperties | null): void => {
    const macro = testMacro(declaration, part);
    if (macro === null) return void warnings.push(notInstalled(declaration));
    const definition = define(declaration, macro, column, target, part);
    definitions.push(definition);
    if (column !== null) byColumn.set(column.name, [...(byColumn.get(column.name) ?? []), definition.uniqueId]);
  };
  for (const declaration of properties.tests) add(declaration, null);
  for (const column of properties.columns) for (const declaration of column.tests) add(declaration, column);
  return { definitions, byColumn, warnings };
}

function define(
  declaration: TestDeclaration,
  macro: string,
  column: ColumnProperties | null,
  target: Relation,
  part: ProjectPart,
): TestDefinition {
  const { test, yaml, at } = declaration;
  const { file, engine } = part;
  const place = yaml.place(at);
  const args: Record<string, unknown> = { ...declaration.arguments };
  if (column !== null) args['column_name'] = column.quote ? quoteIdentifier(column.name) : column.name;
  const plain = target.kind === 'source' ? `source_${test}` : test;
  const named = declaration.package === null ? plain : `${declaration.package}_${plain}`;
  const own = declaration.name;
  const { name, shortName } =
    own === null ? genericTestName(named, nameOf(target), args) : { name: own, shortName: own };
  const metadata = testMetadata(test, declaration.package, args, target);
  const fqn = [file.name, ...foldersBelow(yaml.path, file.propertyPaths), name];
  const long = shortName === name ? {} : { alias: shortName };
  const config = { ...long, ...(engine.yaml(declaration.config, place) as Config) };
  return {
    part,
    name,
    shortName,
    uniqueId: `test.${file.name}.${name}.${testHash(name, metadata)}`,
    packageName: file.name,
    testName: test,
    testPackage: declaration.package,
    description: describe(declaration, engine),
    docBlocks: docBlocksOf(declaration, engine),
    kind: 'generic',
    path: yaml.path,
    fqn,
    place,
    target,
    columnName: column?.name ?? null,
    template: genericTestTemplate(macro, place),
    columnTags: [...sourceTags(declaration), ...(column === null ? [] : tagsOf(column.config))],
    describedAt: null,
    declared: mergeConfig(treeOf(part, 'tests', fqn), config),
    rawSql: genericTestCall(test, declaration.package, config),
    written: writtenFor(part, 'tests', fqn, { ...long, ...declaration.config }),
    imposed: imposedOn(part, 'tests', fqn),
    arguments: args,
  };
}

/** Tags that stand beside a source and its table, not those in their `config:`, are tags of their tests, as in dbt. */
function sourceTags({ yaml, at }: TestDeclaration): string[] {
  if (at[0] !== 'sources') return [];
  const levels = [at.slice(0, 2), at.slice(0, 4)];
  return levels.flatMap((level) => {
    let found: unknown = yaml.data;
    for (const key of level) found = (found as Record<string | number, unknown>)[key];
    return tagsOf(yaml.record(found, level));
  });
}

/** As names of tests have it; that of a version has the version. */
function nameOf({ kind, name, ownName = name, version }: Relation): string {
  return kind === 'model' && version === undefined ? ownName : kind === 'seed' ? ownName : name.replace('.', '_');
}

/** How templates call the test. Null for one of a package that is not there; PROJECT_INVALID for one that is nowhere. */
function testMacro({ test, package: from, yaml, at }: TestDeclaration, { file, engine }: ProjectPart): string | null {
  const macro = engine.macros.genericTest(test, from, file.name);
  if (macro !== null || (from !== null && !engine.macros.hasPart(from))) return macro;
  const near = closestName(test, engine.macros.genericTests());
  throw yaml.invalid(
    at,
    `there is no data test ${from === null ? test : `${from}.${test}`}`,
    near === undefined
      ? `define it in macros/ or tests/generic/ with {% test ${test}(model) %}`
      : `did you mean ${near}?`,
  );
}

function notInstalled({ test, package: from, yaml, at }: TestDeclaration): string {
  return `${yaml.place(at)}: the data test ${from}.${test} is not run: the package ${from} is not installed, run dbt deps`;
}

/**
 * The tests that are files of their own: tests/**.sql other than those in tests/generic and tests/fixtures. What a yml file configures goes
 * before dbt_project.yml and after config() in the test.
 */
export function singularTests(
  dir: string,
  part: ProjectPart,
  properties: ReadonlyMap<string, SingularTestProperties>,
): TestDefinition[] {
  const { file, engine } = part;
  const found = new Map<string, TestDefinition>();
  for (const path of file.testPaths.flatMap((folder) => filesBelow(dir, folder, /\.sql$/))) {
    if (isGeneric(path, file) || isFixture(path, file)) continue;
    const name = stem(path);
    const other = found.get(name);
    if (other !== undefined) throw twice('data test', name, other.path, path);
    const fqn = [file.name, ...foldersBelow(path, file.testPaths), name];
    const said = properties.get(name);
    const own = said === undefined ? {} : (engine.yaml(said.config, said.yaml.place(said.at)) as Config);
    const rawSql = fileText(dir, path);
    found.set(name, {
      part,
      name,
      shortName: name,
      uniqueId: `test.${file.name}.${name}`,
      packageName: file.name,
      testName: null,
      testPackage: null,
      description: said === undefined ? '' : describe(said, engine),
      docBlocks: said === undefined ? [] : docBlocksOf(said, engine),
      kind: 'singular',
      path,
      fqn,
      place: path,
      target: null,
      columnName: null,
      template: parseFile(rawSql, path),
      columnTags: [],
      describedAt: said === undefined ? null : said.yaml.place(said.at),
      declared: mergeConfig(treeOf(part, 'tests', fqn), own),
      rawSql,
      written: writtenFor(part, 'tests', fqn, said?.config ?? {}),
      imposed: imposedOn(part, 'tests', fqn),
      arguments: {},
    });
  }
  return [...found.values()];
}

/** Whether a file below a test path holds generic tests. */
export function isGeneric(path: string, file: ProjectFile): boolean {
  return file.testPaths.some((folder) => path.startsWith(`${folder}/generic/`));
}

/** Whether it holds rows for unit tests. */
function isFixture(path: string, file: ProjectFile): boolean {
  return file.testPaths.some((folder) => path.startsWith(`${folder}/fixtures/`));
}
