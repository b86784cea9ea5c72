import type { ProjectFile } from './project-file.ts';
import { readSnapshotNames } from './properties.ts';
import type { YamlFile } from './yaml-file.ts';
import { filesBelow, fileText, stem } from './project-files.ts';

/** What the folder holds and this product does not run. */
export interface LeftOut {
  readonly warnings: readonly string[];
  /** Names that ref() may meet, with the reason they are not models. */
  readonly names: ReadonlyMap<string, string>;
}

/** Snapshots and Python models of a project or package: a sentence each. */
export function leftOut(dir: string, file: ProjectFile, yamls: readonly YamlFile[]): LeftOut {
  const warnings: string[] = [];
  const names = new Map<string, string>();
  const leave = (path: string, name: string, what: string): void => {
    warnings.push(`${path}: ${what} are not run`);
    names.set(name, `${path} is one of the ${what}, which are not run`);
  };
  for (const path of file.snapshotPaths.flatMap((folder) => filesBelow(dir, folder, /\.sql$/))) {
    const found = [...fileText(dir, path).matchAll(/\{%-?\s*snapshot\s+(\w+)/g)].map((match) => match[1] ?? '');
    for (const name of found.length === 0 ? [stem(path)] : found) leave(path, name, 'snapshots');
  }
  for (const { yaml, at, name } of yamls.flatMap(readSnapshotNames))
    names.set(name, `${yaml.place(at)} is one of the snapshots, which are not run`);
  for (const path of file.modelPaths.flatMap((folder) => filesBelow(dir, folder, /\.py$/)))
    leave(path, stem(path), 'Python models');
  const data = file.yaml.record(file.yaml.data, []);
  for (const [old, key] of [
    ['source-paths', 'model-paths'],
    ['data-paths', 'seed-paths'],
  ] as const) {
    if (data[old] !== undefined) warnings.push(`${file.yaml.place([old])}: ${old} is the old name of ${key}`);
  }
  return { warnings: [...new Set(warnings)], names };
}
