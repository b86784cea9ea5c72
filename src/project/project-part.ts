import { treeConfig, writtenConfig, type Config } from './config-tree.ts';
import type { ProjectFile } from './project-file.ts';
import type { TemplateEngine } from './template-engine.ts';

/** The project itself, or a package that is installed in it: a folder with a dbt_project.yml of its own. */
export interface ProjectPart {
  readonly file: ProjectFile;
  /** Renders its templates: with its macros first, and its variables below those of the project. */
  readonly engine: TemplateEngine;
  /** The project, as a package sees it; null for the project itself. */
  readonly root: ProjectPart | null;
}

/** A path of a part relative to its own folder, as dbt names files of packages. */
export function pathIn({ folder }: Pick<ProjectFile, 'folder'>, path: string): string {
  return folder !== '' && path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : path;
}

/** The trees of dbt_project.yml. */
export type TreeName = 'models' | 'seeds' | 'sources' | 'tests' | 'exposures' | 'unitTests';

/** What the dbt_project.yml of the part itself configures for a resource. */
export function treeOf({ file, engine }: ProjectPart, tree: TreeName, fqn: readonly string[]): Config {
  return treeConfig(file[tree], fqn, (value) => engine.yaml(value, file.yaml.place([KEYS[tree]])));
}

/** What the project configures for a resource of a package: it goes over all that the package itself says. */
export function imposedOn({ root }: ProjectPart, tree: TreeName, fqn: readonly string[]): Config {
  return root === null ? {} : treeOf(root, tree, fqn);
}

/** The configuration of a resource as it is written, nothing rendered; `own` is what its yml file says. */
export function writtenFor(part: ProjectPart, tree: TreeName, fqn: readonly string[], own: Config): Config {
  const imposed = part.root === null ? {} : writtenConfig(part.root.file[tree], fqn);
  return { ...writtenConfig(part.file[tree], fqn, own), ...imposed };
}

const KEYS: Readonly<Record<TreeName, string>> = {
  models: 'models',
  seeds: 'seeds',
  sources: 'sources',
  tests: 'data_tests',
  exposures: 'exposures',
  unitTests: 'unit_tests',
};
