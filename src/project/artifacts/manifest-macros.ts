import { BUILTIN_MACROS } from '../builtin-macros.ts';
import { BUILTIN_SQL_MACROS } from '../builtin-sql-macros.ts';
import type { DataTest, Project } from '../project-contract.ts';
import { readProjectFile } from '../project-file.ts';
import { pathIn } from '../project-part.ts';
import { filesBelow, fileText } from '../project-files.ts';
import { isGeneric } from '../test-definitions.ts';

interface MacroText {
  /** A generic test NAME is the macro `test_NAME`. */
  readonly name: string;
  readonly packageName: string;
  readonly path: string;
  /** From its opening tag to its closing one, with white space that these take away. */
  readonly sql: string;
}

/** The macros of a project and what calls what, as dbt's manifest has it. */
export class ManifestMacros {
  readonly macros: readonly MacroText[];
  readonly #ids: ReadonlySet<string>;
  readonly #root: string;

  constructor(project: Project) {
    this.#root = project.name;
    this.macros = macroTexts(project);
    const builtin = macrosIn(BUILTIN_MACROS + BUILTIN_SQL_MACROS).map(({ name }) => `macro.dbt.${name}`);
    this.#ids = new Set([...this.macros.map(idOf), ...builtin]);
  }

  /**
   * Unique ids of the macros that a template calls, in order of first use.
   *
   * @param part the project or package of the template: its own macros go first, then the project's, then dbt's
   */
  calledBy(template: string, part: string): string[] {
    const ids = new Set<string>();
    const add = (name: string, from: string | undefined): void => {
      const parts = from === undefined ? [part, this.#root, 'dbt'] : [from];
      const id = parts.map((one) => `macro.${one}.${name}`).find((one) => this.#ids.has(one));
      if (id !== undefined) ids.add(id);
    };
    for (const [tag] of template.matchAll(/\{\{[\s\S]*?\}\}|\{%[\s\S]*?%\}/g)) {
      for (const [, from, name = ''] of tag.matchAll(/(?:\b(\w+)\.)?\b(\w+)\s*\(/g)) add(name, from);
      for (const [, name = '', from] of tag.matchAll(/\bdispatch\s*\(\s*['"](\w+)['"](?:\s*,\s*['"](\w+)['"])?/g)) {
        for (const prefix of ['duckdb__', 'default__']) add(prefix + name, from);
      }
    }
    return [...ids];
  }

  /** Those of a generic test: dbt does not look further for the two that every project has by the hundred. */
  calledByTest({ testName, testPackage, packageName }: DataTest): string[] {
    const parts = testPackage === null ? [packageName, this.#root, 'dbt'] : [testPackage];
    const test = parts.map((part) => `macro.${part}.test_${testName}`).find((id) => this.#ids.has(id));
    const subquery = testName === 'unique' || testName === 'not_null' ? [] : ['macro.dbt.get_where_subquery'];
    return test === undefined ? subquery : [test, ...subquery];
  }
}

export function macroNodes(macros: ManifestMacros, createdAt: number): Readonly<Record<string, unknown>> {
  const docs = { show: true, node_color: null };
  return Object.fromEntries(
    macros.macros.map((macro) => [
      idOf(macro),
      {
        name: macro.name,
        resource_type: 'macro',
        package_name: macro.packageName,
        path: macro.path,
        original_file_path: macro.path,
        unique_id: idOf(macro),
        macro_sql: macro.sql,
        depends_on: { macros: macros.calledBy(macro.sql.replace(/^\s*\{%[\s\S]*?%\}/, ''), macro.packageName) },
        description: '',
        meta: {},
        docs,
        config: { meta: {}, docs },
        patch_path: null,
        arguments: [],
        created_at: createdAt,
        supported_languages: null,
      },
    ]),
  );
}

function idOf({ packageName, name }: MacroText): string {
  return `macro.${packageName}.${name}`;
}

/** The macros of the macro folders, and of `generic` below the test folders, of the project and its packages. */
function macroTexts({ dir, packages }: Project): MacroText[] {
  const files = [readProjectFile(dir), ...packages.map(({ folder }) => readProjectFile(dir, folder))];
  return files.flatMap((file) => {
    const tests = file.testPaths.flatMap((folder) => filesBelow(dir, folder, /\.sql$/));
    const paths = file.macroPaths.flatMap((folder) => filesBelow(dir, folder, /\.sql$/));
    return [...new Set([...paths, ...tests.filter((path) => isGeneric(path, file))])].flatMap((path) =>
      macrosIn(fileText(dir, path)).map((macro) => ({ ...macro, packageName: file.name, path: pathIn(file, path) })),
    );
  });
}

/** As dbt finds it, white space that a `-` takes away is part of the macro. */
const MACRO = /(?:\s*\{%-|\{%)\s*(macro|test|data_test)\s+(\w+)[\s\S]*?\{%-?\s*end\1\s*(?:-%\}\s*|%\})/g;

function macrosIn(text: string): { name: string; sql: string }[] {
  const comments = [...text.matchAll(/\{#[\s\S]*?#\}/g)].map(({ index, 0: comment }) => [
    index,
    index + comment.length,
  ]);
  return [...text.matchAll(MACRO)]
    .filter(({ index }) => !comments.some(([from = 0, to = 0]) => from < index && index < to))
    .map(([sql, kind, name = '']) => ({ name: kind === 'macro' ? name : `test_${name}`, sql }));
}
