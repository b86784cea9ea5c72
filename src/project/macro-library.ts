import { closestName } from '../core/closest-name.ts';
import { LensError } from '../core/errors.ts';
import { BUILTIN_FILE, BUILTIN_MACROS } from './builtin-macros.ts';
import type { Interpreter } from './jinja/interpreter.ts';
import { Scope } from './jinja/scope.ts';
import { TemplateSyntaxError } from './jinja/tags.ts';
import { parseTemplate, type Template } from './jinja/template.ts';
import { TemplateError, text, Thing, type Callable, type Value } from './jinja/values.ts';

interface Macro {
  readonly template: Template;
  readonly index: number;
}

/** All macros of a project and dbt's own that it may call; a project's macro goes before dbt's of the same name. */
export class MacroLibrary {
  readonly #project = new Map<string, Macro>();
  readonly #builtin = new Map<string, Macro>();
  readonly warnings: string[] = [];

  /** @param files the macro files: path and text. PROJECT_INVALID when a name is defined twice. */
  constructor(files: readonly { readonly path: string; readonly text: string }[]) {
    addMacros(this.#builtin, parseTemplate(BUILTIN_MACROS, BUILTIN_FILE));
    for (const { path, text } of files) {
      const template = parseFile(text, path);
      this.warnings.push(...template.warnings);
      addMacros(this.#project, template);
    }
  }

  has(name: string): boolean {
    return this.#project.has(name) || this.#builtin.has(name);
  }

  /** The file in which the project itself defines a macro. */
  fileOf(name: string): string | undefined {
    return this.#project.get(name)?.template.file;
  }

  /** Names of the generic tests, for hints. */
  genericTests(): string[] {
    const names = [...this.#builtin.keys(), ...this.#project.keys()];
    return names.filter((name) => name.startsWith('test_')).map((name) => name.slice('test_'.length));
  }

  /**
   * Puts every macro into the scope of one rendering, under its name, `PROJECT.name` and `dbt.name`. Gives dbt's
   * `adapter.dispatch`: the macro `duckdb__NAME` or `default__NAME`.
   */
  bindTo(scope: Scope, interpreter: Interpreter, projectName: string): Callable {
    const files = new Map<Template, Scope>();
    const callable = ({ template, index }: Macro): Callable => {
      let made: Callable | undefined;
      return (args) => {
        made ??= instantiate(template, index, scope, interpreter, files);
        return made(args);
      };
    };
    const bound = (macros: ReadonlyMap<string, Macro>): Record<string, Value> =>
      Object.fromEntries([...macros].map(([name, macro]) => [name, callable(macro)]));
    const [project, builtin] = [bound(this.#project), bound(this.#builtin)];
    const all: Record<string, Value> = { ...builtin, ...project };
    for (const [name, macro] of Object.entries(all)) scope.set(name, macro);
    scope.set(projectName, new Thing(`project ${projectName}`, project));
    scope.set('dbt', new Thing('dbt', builtin));
    return ({ positional, named }) => {
      const name = text(positional[0] ?? named.get('macro_name') ?? null);
      for (const prefix of ['duckdb__', 'default__']) {
        const found = all[prefix + name];
        if (found !== undefined) return found;
      }
      const near = closestName(`default__${name}`, Object.keys(all));
      throw new TemplateError(
        `adapter.dispatch finds no duckdb__${name} or default__${name}`,
        near === undefined ? 'define one in macros/' : `did you mean ${near}?`,
      );
    };
  }
}

/** A file's macros see what the file sets at its top level. */
function instantiate(
  template: Template,
  index: number,
  globals: Scope,
  interpreter: Interpreter,
  files: Map<Template, Scope>,
): Callable {
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

function addMacros(into: Map<string, Macro>, template: Template): void {
  template.macros.forEach((node, index) => {
    const name = node.name.value;
    const other = into.get(name);
    if (other !== undefined) {
      throw new LensError(
        'PROJECT_INVALID',
        `the macro ${name} is defined twice: in ${other.template.file} and ${template.file}`,
        {
          place: template.file,
          hint: 'rename or remove one of them',
        },
      );
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
