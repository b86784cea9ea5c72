import type { ProjectSettings } from './dbt-context.ts';
import { checkDbtVersion } from './dbt-version.ts';
import { docBlocks, docsByName } from './doc-blocks.ts';
import { leftOut, type LeftOut } from './left-out.ts';
import { MacroLibrary } from './macro-library.ts';
import { findPackages } from './packages.ts';
import type { DocBlock, LoadOptions } from './project-contract.ts';
import { resolveTarget } from './profile.ts';
import { readProjectFile, type ProjectFile } from './project-file.ts';
import { filesBelow, fileText } from './project-files.ts';
import type { ProjectPart } from './project-part.ts';
import { TemplateEngine } from './template-engine.ts';
import { isGeneric } from './test-definitions.ts';
import { isYamlRecord, YamlFile } from './yaml-file.ts';

/** A part of a project with its yml files. */
export interface LoadedPart {
  readonly part: ProjectPart;
  readonly yamls: readonly YamlFile[];
  readonly left: LeftOut;
}

export interface LoadedParts {
  /** The project, then its packages. */
  readonly parts: readonly [LoadedPart, ...LoadedPart[]];
  readonly target: ProjectSettings['target'];
  /** Packages that are asked for and not installed, a sentence each. */
  readonly missing: readonly string[];
  readonly docs: readonly DocBlock[];
}

/** Reads the project file, finds the packages, and makes what renders the templates of each. */
export function loadParts(root: string, options: LoadOptions): LoadedParts {
  const file = readProjectFile(root);
  const env = options.env ?? process.env;
  const checks = !/^(0|false|no|off)$/i.test(env['DBT_VERSION_CHECK'] ?? env['DBT_ENGINE_VERSION_CHECK'] ?? '');
  if (checks) checkDbtVersion(file);
  const target = resolveTarget(root, file, options.target ?? {}, env, (value, place) =>
    plainEngine(file.name, env, options.vars ?? {}).yaml(value, place),
  );
  const packages = findPackages(root, file);
  if (checks) for (const one of packages.files) checkDbtVersion(one);
  const files: readonly [ProjectFile, ...ProjectFile[]] = [file, ...packages.files];
  const macros = new MacroLibrary(
    files.map((one) => ({ name: one.name, files: macroFiles(root, one), isPackage: one !== file })),
    { dispatch: file.dispatch, missing: packages.missing },
  );
  const docs = files.flatMap((one) => docBlocks(root, one));
  const engineOf = (one: ProjectFile): TemplateEngine => {
    const vars = varsOf(one, file, options.vars ?? {});
    return new TemplateEngine(
      { name: file.name, packageName: one.name, vars, target, env, docs: docsByName(docs, [file.name, one.name]) },
      macros,
    );
  };
  const loaded = (one: ProjectFile, rootPart: ProjectPart | null): LoadedPart => {
    const yamls = propertyFiles(root, one);
    return { part: { file: one, engine: engineOf(one), root: rootPart }, yamls, left: leftOut(root, one, yamls) };
  };
  const first = loaded(file, null);
  return {
    parts: [first, ...packages.files.map((one) => loaded(one, first.part))],
    target,
    missing: packages.warnings,
    docs,
  };
}

/** Renders what is read before there is a target: profiles.yml. */
function plainEngine(
  name: string,
  env: ProjectSettings['env'],
  vars: Readonly<Record<string, unknown>>,
): TemplateEngine {
  const target = { name: 'dev', schema: 'main', profile: name, undone: [] };
  return new TemplateEngine({ name, packageName: name, vars, target, env, docs: new Map() }, new MacroLibrary([]));
}

/** Variables of a part: its own, those of the project, those of the options; as they are written. */
function varsOf(
  file: ProjectFile,
  root: ProjectFile,
  overrides: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const levels = (file === root ? [root] : [file, root]).map(({ vars }) => {
    const own = vars[file.name];
    return { ...vars, ...(isYamlRecord(own) ? own : {}) };
  });
  return Object.freeze(Object.assign({}, ...levels, overrides) as Record<string, unknown>);
}

/** The yml files below all paths of a part. */
function propertyFiles(root: string, file: ProjectFile): YamlFile[] {
  const paths = file.propertyPaths.flatMap((folder) => filesBelow(root, folder, /\.ya?ml$/));
  return [...new Set(paths)].map((path) => YamlFile.read(root, path));
}

/** Files of the macro paths, and of `generic` below the test paths. */
function macroFiles(root: string, file: ProjectFile): { path: string; text: string }[] {
  const macros = file.macroPaths.flatMap((folder) => filesBelow(root, folder, /\.sql$/));
  const tests = file.testPaths
    .flatMap((folder) => filesBelow(root, folder, /\.sql$/))
    .filter((path) => isGeneric(path, file));
  return [...new Set([...macros, ...tests])].map((path) => ({ path, text: fileText(root, path) }));
}
