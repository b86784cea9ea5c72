import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { twice } from './model-files.ts';
import { PROJECT_FILE, readProjectFile, type ProjectFile } from './project-file.ts';
import { isYamlRecord, YamlFile } from './yaml-file.ts';

/** The packages that are there, and those that are only asked for. */
export interface Packages {
  readonly files: readonly ProjectFile[];
  /** Names by which templates may call those that are not there. */
  readonly missing: readonly string[];
  readonly warnings: readonly string[];
}

/**
 * Packages that `dbt deps` has put into the install path (`dbt_packages`), and those that packages.yml or dependencies.yml
 * takes from a folder of the repository (`local:`), installed or not. Nothing is fetched: a package that is asked for and
 * not there is a warning. PROJECT_INVALID for two of one name.
 */
export function findPackages(dir: string, root: ProjectFile): Packages {
  const found = new Map<string, ProjectFile>();
  const add = (folder: string): string | null => {
    if (!existsSync(join(dir, folder, PROJECT_FILE))) return null;
    const file = readProjectFile(dir, folder);
    const other = file.name === root.name ? root : found.get(file.name);
    if (other !== undefined) throw twice('package', file.name, other.yaml.path, file.yaml.path);
    found.set(file.name, file);
    return file.name;
  };
  const folder = root.packagesPath;
  const installed = existsSync(join(dir, folder)) ? readdirSync(join(dir, folder)).sort() : [];
  for (const name of installed) add(`${folder}/${name}`);
  const missing: Asked[] = [];
  for (const asked of readAsked(dir)) {
    if (found.has(asked.name)) continue;
    if (asked.local !== null) {
      const file = existsSync(join(dir, asked.local, PROJECT_FILE)) ? readProjectFile(dir, asked.local) : null;
      if (file !== null && found.has(file.name)) continue;
      if (file !== null && add(asked.local) !== null) continue;
    }
    missing.push(asked);
  }
  const warnings = missing.map(
    ({ what, place }) => `${place}: the package ${what} is not in ${folder}, so it is not used: run dbt deps`,
  );
  return { files: [...found.values()], missing: missing.map(({ name }) => name), warnings };
}

interface Asked {
  /** As the file names it. */
  readonly what: string;
  /** The name of its project, as far as it can be told. */
  readonly name: string;
  readonly local: string | null;
  readonly place: string;
}

function readAsked(dir: string): Asked[] {
  return ['packages.yml', 'dependencies.yml'].flatMap((path) => {
    if (!existsSync(join(dir, path))) return [];
    const yaml = YamlFile.read(dir, path);
    const list = yaml.list(yaml.record(yaml.data, [])['packages'], ['packages']);
    return list.flatMap((entry, i): Asked[] => {
      if (!isYamlRecord(entry)) return [];
      const place = yaml.place(['packages', i]);
      const key = ['package', 'git', 'tarball', 'private', 'local'].find((one) => typeof entry[one] === 'string');
      if (key === undefined) return [];
      const what = entry[key] as string;
      const subfolder = typeof entry['subdirectory'] === 'string' ? entry['subdirectory'] : what;
      const named = typeof entry['name'] === 'string' ? entry['name'] : subfolder;
      // of a repository only its project file tells the name; dbt's own packages have it with _ for -
      const name = (
        named
          .replace(/\/+$/, '')
          .replace(/\.git$/, '')
          .split('/')
          .at(-1) ?? named
      ).replaceAll('-', '_');
      return [{ what, name, local: key === 'local' ? what.replace(/^\.\//, '').replace(/\/+$/, '') : null, place }];
    });
  });
}
