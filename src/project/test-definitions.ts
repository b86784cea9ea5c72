import { closestName } from '../core/closest-name.ts';
import { mergeConfig, treeConfig, type Config } from './config-tree.ts';
import { genericTestTemplate, type TestDefinition } from './data-test.ts';
import { parseFile, type MacroLibrary } from './macro-library.ts';
import { twice } from './model-files.ts';
import type { Relation } from './project-contract.ts';
import type { ProjectFile } from './project-file.ts';
import { filesBelow, fileText, foldersBelow, stem } from './project-files.ts';
import type { ColumnProperties, Properties, SingularTestProperties, TestDeclaration } from './properties.ts';
import { quoteIdentifier } from './relation-naming.ts';
import type { TemplateEngine } from './template-engine.ts';
import { genericTestName, testHash, testMetadata } from './test-names.ts';

/** Definitions of the data tests of one model or source table, and their ids by column (null: of the whole). */
export interface GenericTests {
  readonly definitions: readonly TestDefinition[];
  readonly byColumn: ReadonlyMap<string, readonly string[]>;
  /** Tests of packages, which are not loaded: a sentence each. */
  readonly warnings: readonly string[];
}

/** The generic tests that a yml file declares of a relation. PROJECT_INVALID for a test that does not exist. */
export function genericTests(
  properties: Properties,
  target: Relation,
  file: ProjectFile,
  engine: TemplateEngine,
): GenericTests {
  const definitions: TestDefinition[] = [];
  const byColumn = new Map<string, string[]>();
  const warnings: string[] = [];
  const add = (declaration: TestDeclaration, column: ColumnProperties | null): void => {
    const missing = testOfPackage(declaration, engine.macros);
    if (missing !== null) return void warnings.push(missing);
    const definition = define(declaration, column, target, file, engine);
    definitions.push(definition);
    if (column !== null) byColumn.set(column.name, [...(byColumn.get(column.name) ?? []), definition.uniqueId]);
  };
  for (const declaration of properties.tests) add(declaration, null);
  for (const column of properties.columns) for (const declaration of column.tests) add(declaration, column);
  return { definitions, byColumn, warnings };
}

function define(
  declaration: TestDeclaration,
  column: ColumnProperties | null,
  target: Relation,
  file: ProjectFile,
  engine: TemplateEngine,
): TestDefinition {
  const { test, yaml, at } = declaration;
  requireTest(declaration, engine.macros);
  const place = yaml.place(at);
  const args: Record<string, unknown> = { ...declaration.arguments };
  if (column !== null) args['column_name'] = column.quote ? quoteIdentifier(column.name) : column.name;
  const plain = target.kind === 'source' ? `source_${test}` : test;
  const named = declaration.package === null ? plain : `${declaration.package}_${plain}`;
  const own = declaration.name;
  const { name, shortName } =
    own === null ? genericTestName(named, target.name.replace('.', '_'), args) : { name: own, shortName: own };
  const metadata = testMetadata(test, declaration.package, args, target);
  const fqn = [file.name, ...foldersBelow(yaml.path, file.propertyPaths), name];
  const config = engine.yaml(declaration.config, place) as Config;
  const columnTags = column === null ? {} : { tags: column.config['tags'] ?? [] };
  const tree = treeConfig(file.tests, fqn, (value) => engine.yaml(value, file.yaml.place(['data_tests'])));
  return {
    name,
    shortName,
    uniqueId: `test.${file.name}.${name}.${testHash(name, metadata)}`,
    packageName: file.name,
    testName: test,
    testPackage: declaration.package,
    description: declaration.description,
    kind: 'generic',
    path: yaml.path,
    fqn,
    place,
    target,
    columnName: column?.name ?? null,
    template: genericTestTemplate(test, place),
    declared: mergeConfig(mergeConfig(tree, columnTags), config),
    arguments: args,
  };
}

/** A sentence about a test of a package that the project has no copy of. */
function testOfPackage({ test, package: from, yaml, at }: TestDeclaration, macros: MacroLibrary): string | null {
  if (from === null || macros.has(`test_${test}`)) return null;
  return `${yaml.place(at)}: the data test ${from}.${test} is not run: packages are not loaded, it can be copied into tests/generic/`;
}

function requireTest({ test, yaml, at }: TestDeclaration, macros: MacroLibrary): void {
  if (macros.has(`test_${test}`)) return;
  const near = closestName(test, macros.genericTests());
  throw yaml.invalid(
    at,
    `there is no data test ${test}`,
    near === undefined
      ? `define it in macros/ or tests/generic/ with {% test ${test}(model) %}`
      : `did you mean ${near}?`,
  );
}

/**
 * The tests that are files of their own: tests/**.sql other than those in tests/generic. What a yml file configures goes
 * before dbt_project.yml and after config() in the test.
 */
export function singularTests(
  dir: string,
  file: ProjectFile,
  properties: ReadonlyMap<string, SingularTestProperties>,
  engine: TemplateEngine,
): TestDefinition[] {
  const found = new Map<string, TestDefinition>();
  for (const path of file.testPaths.flatMap((folder) => filesBelow(dir, folder, /\.sql$/))) {
    if (isGeneric(path, file)) continue;
    const name = stem(path);
    const other = found.get(name);
    if (other !== undefined) throw twice('data test', name, other.path, path);
    const fqn = [file.name, ...foldersBelow(path, file.testPaths), name];
    const tree = treeConfig(file.tests, fqn, (value) => engine.yaml(value, file.yaml.place(['data_tests'])));
    const said = properties.get(name);
    const own = said === undefined ? {} : (engine.yaml(said.config, said.yaml.place(said.at)) as Config);
    found.set(name, {
      name,
      shortName: name,
      uniqueId: `test.${file.name}.${name}`,
      packageName: file.name,
      testName: null,
      testPackage: null,
      description: said?.description ?? '',
      kind: 'singular',
      path,
      fqn,
      place: path,
      target: null,
      columnName: null,
      template: parseFile(fileText(dir, path), path),
      declared: mergeConfig(tree, own),
      arguments: {},
    });
  }
  return [...found.values()];
}

/** Whether a file below a test path holds generic tests. */
export function isGeneric(path: string, file: ProjectFile): boolean {
  return file.testPaths.some((folder) => path.startsWith(`${folder}/generic/`));
}
