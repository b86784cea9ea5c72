/** The macro files of one part of a project. */
export interface MacroSource {
  /** The name of the project or package. */
  readonly name: string;
  readonly files: readonly { readonly path: string; readonly text: string }[];
  /** A file of a package that cannot be read fails only what uses it. */
  readonly isPackage: boolean;
}

/** One macro, as a command names it. */
export interface NamedMacro {
  readonly name: string;
  /** Of the project or package. */
  readonly packageName: string;
  /** `macro.PACKAGE.NAME`. */
  readonly uniqueId: string;
  /** Its file, relative to the project's folder. */
  readonly path: string;
}

/** How names of macros are found, besides the order of the parts. */
export interface MacroLookup {
  /** `dispatch:` of dbt_project.yml: packages by namespace. */
  readonly dispatch: ReadonlyMap<string, readonly string[]>;
  /** Packages that are asked for and not installed. */
  readonly missing: readonly string[];
}
