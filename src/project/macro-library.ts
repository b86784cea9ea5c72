import { closestName } from '../core/closest-name.ts';
import { LensError } from '../core/errors.ts';
import { DBT_UTILS_FILE, DBT_UTILS_MACROS, dbtUtilsMacro } from './builtin-dbt-utils.ts';
import { BUILTIN_FILE, BUILTIN_MACROS } from './builtin-macros.ts';
import { BUILTIN_SQL_MACROS } from './builtin-sql-macros.ts';
import type { Interpreter } from './jinja/interpreter.ts';
import { Scope } from './jinja/scope.ts';
import { TemplateSyntaxError } from './jinja/tags.ts';
import { parseTemplate, type Template } from './jinja/template.ts';
import { TemplateError, text, Thing, Undefined, type Callable, type Value } from './jinja/values.ts';
import type { MacroLookup, MacroSource, NamedMacro } from './macro-contract.ts';

/** A macro of a parsed file, or the failure of reading its file. */
type Macro = { readonly template: Template; readonly index: number } | { readonly failure: LensError };

type Macros = ReadonlyMap<string, Macro>;

/**
 * All macros of a project, its packages and dbt. A template sees by their own names the macros of its part, then those of
 * the project, then dbt's; those of a package by `PACKAGE.name`.
 */
export class MacroLibrary {
  /** By part, the project first. */
  readonly #parts = new Map<string, Map<string, Macro>>();
  readonly #builtin: Macros;
  readonly #root: string;
  readonly #lookup: MacroLookup;
  /** Names of the custom materializations, which are not run. */
  readonly materializations = new Set<string>();
  readonly #warnings: string[] = [];
  /** Files of packages. */
  readonly #foreign = new Set<string>();
  readonly #said = new Set<string>();

  /** @param sources the project's first. PROJECT_INVALID when one part defines a name twice. */
  constructor(sources: readonly MacroSource[], lookup: MacroLookup = { dispatch: new Map(), missing: [] }) {
    this.#builtin = builtinMacros();
    this.#root = sources[0]?.name ?? '';
    this.#lookup = lookup;
    for (const { name, files, isPackage } of sources) {
      const macros = new Map<string, Macro>();
      for (const { path, text } of files) {
        if (isPackage) this.#foreign.add(path);
        this.#addFile(macros, path, text, isPackage);
      }
      this.#parts.set(name, macros);
    }
  }

  #addFile(macros: Map<string, Macro>, path: string, text: string, isPackage: boolean): void {
    let template: Template;
    try {
      template = parseFile(text, path);
    } catch (failure) {
      if (!isPackage || !(failure instanceof LensError)) throw failure;
      const unread = new LensError('MODEL_NOT_SUPPORTED', failure.message, {
        place: failure.place,
        hint: failure.hint,
      });
      for (const [, test, name] of text.matchAll(/\{%-?\s*(?:macro|((?:data_)?test))\s+(\w+)/g))
        macros.set(test === undefined ? `${name}` : `test_${name}`, { failure: unread });
      return;
    }
    if (!isPackage) this.#warnings.push(...template.warnings);
    for (const name of template.materializations) this.materializations.add(name);
    addMacros(macros, template);
  }

  /** What was left out of the project's files, what has been printed that is not there, and what templates have warned of, a sentence each. */
  get warnings(): readonly string[] {
    return [...this.#warnings, ...this.#said];
  }

  /** A template of a part has printed a name that is not there. Packages do that on purpose. */
  noteNothingPrinted(what: string, file: string, line: number, part: string): void {
    if (part !== this.#root || this.#foreign.has(file)) return;
    this.#said.add(`${placeOf(file, line)}: ${what} is undefined, and prints nothing`);
  }

  /** A template has warned of something: `exceptions.warn()`. */
  noteWarning(message: string, file: string, line: number): void {
    this.#said.add(`${placeOf(file, line)}: ${message}`);
  }

  /** Whether a template of a part may call a macro by its own name; of the project when no part is named. */
  has(name: string, part = this.#root): boolean {
    return this.#ownNames(part).some((macros) => macros.has(name));
  }

  /** Whether a package of that name is there. */
  hasPart(name: string): boolean {
    return name === 'dbt' || this.#parts.has(name);
  }

  /** The file in which the project itself defines a macro. */
  fileOf(name: string): string | undefined {
    const macro = this.#parts.get(this.#root)?.get(name);
    return macro !== undefined && 'template' in macro ? macro.template.file : undefined;
  }

  /**
   * How a template of a part calls a generic test: `test_NAME`, or with its package before it. Null when there is none.
   *
   * @param from the package that is named; a package that is not there may have its test in the project, and the common ones of
   *   dbt_utils are there anyhow
   */
  genericTest(test: string, from: string | null, part: string): string | null {
    const name = `test_${test}`;
    if (from !== null && this.#parts.get(from)?.has(name) === true) return `${from}.${name}`;
    if (from === 'dbt' && this.#builtin.has(name)) return `dbt.${name}`;
    if (from !== null && this.#parts.has(from)) return null;
    if (this.has(name, part)) return name;
    if (from === 'dbt_utils' && this.#builtin.has(dbtUtilsMacro(test))) return dbtUtilsMacro(test);
    const other = [...this.#parts].find(([, macros]) => macros.has(name));
    return other === undefined || from !== null ? null : `${other[0]}.${name}`;
  }

  /** A macro by its name, or with its package before it, as dbt finds what a command names: the project's, then those of packages. */
  find(name: string): NamedMacro | null {
    const [from, own] = name.includes('.') ? (name.split(/\.(.*)/s) as [string, string]) : [null, name];
    for (const packageName of from === null ? this.#parts.keys() : [from]) {
      const macro = this.#parts.get(packageName)?.get(own);
      if (macro === undefined) continue;
      const path = 'template' in macro ? macro.template.file : (macro.failure.place ?? '');
      return { name: own, packageName, uniqueId: `macro.${packageName}.${own}`, path };
    }
    return null;
  }

  /** Names of the macros of the project and its packages, for hints. */
  names(): string[] {
    return [...this.#parts.values()].flatMap((macros) => [...macros.keys()]);
  }

  /** Names of the generic tests, for hints. */
  genericTests(): string[] {
    const names = [this.#builtin, ...this.#parts.values()].flatMap((macros) => [...macros.keys()]);
    return names.filter((name) => name.startsWith('test_')).map((name) => name.slice('test_'.length));
  }

  /** The macros that go by their own names in a part, the first ones found winning. */
  #ownNames(part: string): Macros[] {
    const [own, root] = [this.#parts.get(part), this.#parts.get(this.#root)];
    return [own, root, this.#builtin].filter((macros) => macros !== undefined);
  }

  /** Puts every macro into the scope of one rendering of a part's template. Gives dbt's `adapter.dispatch`. */
  bindTo(scope: Scope, interpreter: Interpreter, part: string): Callable {
    const files = new Map<Template, Scope>();
    const callables = new Map<Macro, Callable>();
    const callable = (macro: Macro): Callable => {
      let made = callables.get(macro);
      if (made === undefined) {
        let defined: Callable | undefined;
        made = (args) => {
          defined ??= instantiate(macro, scope, interpreter, files);
          return defined(args);
        };
        callables.set(macro, made);
      }
      return made;
    };
    const bound = (macros: Macros): Record<string, Value> =>
      Object.fromEntries([...macros].map(([name, macro]) => [name, callable(macro)]));
    const parts = new Map([...this.#parts].map(([name, macros]) => [name, bound(macros)]));
    const dispatch = this.#dispatcher(parts, part, bound(this.#builtin));
    const builtin = { ...dispatching(this.#builtin, dispatch), ...bound(this.#builtin) };
    for (const name of this.#lookup.missing) scope.set(name, notInstalled(name));
    for (const [name, macros] of parts) scope.set(name, new Thing(`package ${name}`, macros));
    scope.set('dbt', new Thing('dbt', builtin));
    for (const [name, macro] of Object.entries({ ...builtin, ...parts.get(this.#root), ...parts.get(part) }))
      scope.set(name, macro);
    return dispatch;
  }

  /** `adapter.dispatch(name, namespace)`: `duckdb__NAME` or `default__NAME` of the first place that has one. */
  #dispatcher(
    parts: ReadonlyMap<string, Record<string, Value>>,
    part: string,
    builtin: Readonly<Record<string, Value>>,
  ): Callable {
    const own = { ...builtin, ...parts.get(this.#root), ...parts.get(part) };
    const place = (name: string): Readonly<Record<string, Value>> =>
      name === 'dbt' ? builtin : (parts.get(name) ?? {});
    return ({ positional, named }) => {
      const name = text(positional[0] ?? named.get('macro_name') ?? null);
      const namespace = positional[1] ?? named.get('macro_namespace') ?? null;
      const order = typeof namespace === 'string' ? this.#searchOrder(namespace) : null;
      for (const macros of order === null ? [own] : order.map(place)) {
        const found = macros[`duckdb__${name}`] ?? macros[`default__${name}`];
        if (found !== undefined) return found;
      }
      const near = closestName(`default__${name}`, Object.keys(own));
      throw new TemplateError(
        `adapter.dispatch finds no duckdb__${name} or default__${name}${order === null ? '' : ` in ${order.join(', ')}`}`,
        near === undefined ? 'define one in macros/' : `did you mean ${near}?`,
      );
    };
  }

  #searchOrder(namespace: string): readonly string[] | null {
    const configured = this.#lookup.dispatch.get(namespace);
    if (configured !== undefined && configured.length > 0) return configured;
    return namespace === 'dbt' || this.#parts.has(namespace) ? [this.#root, namespace] : null;
  }
}

/** dbt's macros that only dispatch: NAME where there is a `default__NAME` or `duckdb__NAME`. */
function dispatching(builtin: Macros, dispatch: Callable): Record<string, Value> {
  const names = [...builtin.keys()].flatMap((name) => /^(?:default|duckdb)__(.+)$/.exec(name)?.[1] ?? []);
  return Object.fromEntries(
    names.map((name): [string, Callable] => [
      name,
      (args) => (dispatch({ positional: [name, 'dbt'], named: new Map() }) as Callable)(args),
    ]),
  );
}

function notInstalled(name: string): Undefined {
  return new Undefined(name, {
    problem: `the package ${name} is not installed`,
    hint: 'run dbt deps, or copy the macros you use into macros/',
  });
}

/** A file's macros see what the file sets at its top level. */
function instantiate(macro: Macro, globals: Scope, interpreter: Interpreter, files: Map<Template, Scope>): Callable {
  if ('failure' in macro) throw macro.failure;
  const { template, index } = macro;
  let scope = files.get(template);
  if (scope === undefined) {
    scope = new Scope(globals);
    files.set(template, scope);
    const sets = template.body.filter((node) => node.type === 'Set');
    interpreter.render({ ...template, body: sets }, scope);
  }
  const node = template.macros[index];
  if (node === undefined) throw new LensError('INTERNAL', `macro ${index} of ${template.file} is not there`);
  return interpreter.macro({ node, file: template.file }, scope) as Callable;
}

let builtin: Macros | undefined;

/** dbt's own and those of dbt_utils, parsed once: profiles, each project and each load have a library. */
function builtinMacros(): Macros {
  if (builtin === undefined) {
    const macros = new Map<string, Macro>();
    addMacros(macros, parseTemplate(BUILTIN_MACROS + BUILTIN_SQL_MACROS, BUILTIN_FILE));
    addMacros(macros, parseTemplate(DBT_UTILS_MACROS, DBT_UTILS_FILE));
    builtin = macros;
  }
  return builtin;
}

function addMacros(into: Map<string, Macro>, template: Template): void {
  template.macros.forEach((node, index) => {
    const name = node.name.value;
    const other = into.get(name);
    if (other !== undefined) {
      const file = 'template' in other ? other.template.file : other.failure.place;
      throw new LensError('PROJECT_INVALID', `the macro ${name} is defined twice: in ${file} and ${template.file}`, {
        place: template.file,
        hint: 'rename or remove one of them',
      });
    }
    into.set(name, { template, index });
  });
}

/** Parses a file of the project; MODEL_RENDER_FAILED with file and line when it is not Jinja. */
export function parseFile(text: string, path: string): Template {
  try {
    return parseTemplate(text, path);
  } catch (error) {
    if (!(error instanceof TemplateSyntaxError)) throw error;
    throw new LensError('MODEL_RENDER_FAILED', error.message, {
      place: placeOf(path, error.line),
      hint: error.hint ?? 'docs/project.md lists the Jinja that is supported',
      cause: error,
    });
  }
}

/** `file:line`; a value of a yml file already has the place of its key as `file`. */
export function placeOf(file: string, line: number): string {
  return /:\d+$/.test(file) ? file : `${file}:${line}`;
}
