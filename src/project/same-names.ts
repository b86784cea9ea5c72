import { LensError } from '../core/errors.ts';
import type { ModelFile } from './model-files.ts';

/** What dbt calls by a name. */
export interface NamedInPackage {
  readonly name: string;
  readonly ownName: string;
  readonly packageName: string;
}

/** The name of a model or seed whose own name another package has, too. */
export function nameInPackage(packageName: string, ownName: string): string {
  return `${packageName}__${ownName}`;
}

/**
 * Models whose names no other model or seed has. As in dbt, packages may have models of one name: the first part that has an enabled one, the project before
 * its packages, keeps the name, of the others it has the package.
 *
 * @param seeds names of seeds
 * @param isEnabled asked only of models whose name is there twice
 */
export function withOwnNames(
  files: readonly ModelFile[],
  seeds: ReadonlyMap<string, { readonly packageName: string }>,
  isEnabled: (file: ModelFile) => boolean,
): ModelFile[] {
  const byName = Map.groupBy(files, ({ name }) => name);
  return files.map((file) => {
    const { name, part, version } = file;
    if (version !== null) return file;
    const packageName = part.file.name;
    const seed = seeds.get(name);
    const all = byName.get(name) ?? [];
    const others = all.filter((one) => one.part !== part);
    const asSeed = seed !== undefined && seed.packageName !== packageName;
    if ((others.length === 0 && !asSeed) || !isEnabled(file)) return file;
    const first = all.find(isEnabled);
    return !asSeed && first?.part === part ? file : { ...file, name: nameInPackage(packageName, name) };
  });
}

/** Where a ref() without a package looks first. */
export interface SearchOrder {
  /** The name of the root project. */
  readonly project: string;
  /** dbt's flag `require_ref_searches_node_package_before_root`: in the package of the template before the project. */
  readonly ownFirst: boolean;
}

/** By what dbt calls them: how to find the name of the one that is meant. */
export function meantBy(
  all: readonly NamedInPackage[],
  { project, ownFirst }: SearchOrder,
): (ownName: string, packageName: string | null, from: string | null) => string {
  const byOwnName = Map.groupBy(all, ({ ownName }) => ownName);
  return (ownName, packageName, from) => {
    const found = byOwnName.get(ownName) ?? [];
    const of = (wanted: string | null): string | undefined => found.find((one) => one.packageName === wanted)?.name;
    if (packageName !== null) return of(packageName) ?? ownName;
    const meant = ownFirst ? (of(from) ?? of(project)) : (of(project) ?? of(from));
    if (meant !== undefined) return meant;
    const [first, second] = found;
    if (second === undefined) return first?.name ?? ownName;
    const packages = found.map((one) => one.packageName);
    throw new LensError(
      'PROJECT_INVALID',
      `ref('${ownName}') is ambiguous: the packages ${packages.join(', ')} have one`,
      {
        hint: `name the package: ref('${packages[0]}', '${ownName}')`,
      },
    );
  };
}
