import { LensError } from '../core/errors.ts';
import { contextScope, type ProjectSettings, type TemplateNames } from './dbt-context.ts';
import { Interpreter } from './jinja/interpreter.ts';
import type { Frame } from './jinja/macro.ts';
import { ReturnSignal } from './jinja/macro.ts';
import type { Scope } from './jinja/scope.ts';
import type { Template } from './jinja/template.ts';
import { TemplateError, Thing, UnsupportedError, text, toJs, type Callable, type Value } from './jinja/values.ts';
import { LATE } from './config-tree.ts';
import { isYamlRecord } from './yaml-file.ts';
import type { NamedMacro } from './macro-contract.ts';
import { parseFile, placeOf, type MacroLibrary } from './macro-library.ts';

/** Renders templates of one project. Pure: the same template and names give the same text. */
export class TemplateEngine {
  readonly settings: ProjectSettings;
  readonly macros: MacroLibrary;

  constructor(settings: ProjectSettings, macros: MacroLibrary) {
    this.settings = settings;
    this.macros = macros;
  }

  /** The same with some variables, of the project and of the environment, having other values. */
  with({
    vars,
    env,
  }: {
    readonly vars: ProjectSettings['vars'];
    readonly env: ProjectSettings['env'];
  }): TemplateEngine {
    const { settings } = this;
    const changed = { ...settings, vars: { ...settings.vars, ...vars }, env: { ...settings.env, ...env } };
    return new TemplateEngine(changed, this.macros);
  }

  /** The text of a template. MODEL_RENDER_FAILED or MODEL_UNKNOWN_REF with file and line. */
  render(template: Template, names: TemplateNames): string {
    const text = this.#run(names, (interpreter, scope) => interpreter.render(template, scope));
    return names.resolver?.inSql(text) ?? text;
  }

  /** The value of a template that is one expression, else its text. */
  value(template: Template, names: TemplateNames): Value {
    return this.#run(names, (interpreter, scope) => interpreter.value(template, scope));
  }

  /** Calls a macro of the project, a package or dbt by its names. MODEL_RENDER_FAILED as {@link render}, with the macro's file. */
  call({ name, packageName }: NamedMacro, args: Map<string, Value>, names: TemplateNames): Value {
    return this.#run(names, (_, scope) => {
      const part = scope.get(packageName);
      const macro = part instanceof Thing ? part.attributes.get(name) : undefined;
      if (typeof macro !== 'function') throw new LensError('INTERNAL', `there is no macro ${packageName}.${name}`);
      return macro({ positional: [], named: args });
    });
  }

  /** A value of a yml file, with the texts in it rendered where they hold Jinja; `place` is for errors. */
  yaml(value: unknown, place: string): unknown {
    if (typeof value === 'string')
      return value.includes('{{') || value.includes('{%') ? toJs(this.value(parseFile(value, place), NO_NAMES)) : value;
    if (Array.isArray(value)) return value.map((one) => this.yaml(one, place));
    if (isYamlRecord(value)) {
      return Object.fromEntries(
        Object.entries(value).map(([key, one]) => [key, LATE.has(key) ? one : this.yaml(one, place)]),
      );
    }
    return value;
  }

  #run<T>(names: TemplateNames, body: (interpreter: Interpreter, scope: Scope) => T): T {
    const interpreter = new Interpreter((what, { file, line }) => {
      // while a template is parsed, what a query would have given is not there either
      if (names.interview !== undefined) this.macros.noteNothingPrinted(what, file, line, this.settings.packageName);
    });
    let dispatch: Callable | null = null;
    const scope: Scope = contextScope(
      this.settings,
      names,
      () => {
        if (dispatch === null) throw new LensError('INTERNAL', 'macros are bound before rendering');
        return dispatch;
      },
      (text) => interpreter.render(parseFile(text, interpreter.frames.at(-1)?.file ?? 'a variable'), scope),
    );
    dispatch = this.macros.bindTo(scope, interpreter, this.settings.packageName);
    setName(scope, 'exceptions.warn', ({ positional: [message], named }) => {
      const { file, line } = interpreter.frames[0] ?? { file: '', line: 0 };
      this.macros.noteWarning(text(message ?? named.get('msg') ?? ''), file, line);
      return '';
    });
    for (const [name, value] of Object.entries(names.names)) setName(scope, name, value);
    try {
      return body(interpreter, scope);
    } catch (error) {
      throw located(error, interpreter.frames);
    }
  }
}

/** `package.macro` takes the place of one macro of the package. */
function setName(scope: Scope, name: string, value: Value): void {
  const [first, member] = name.split('.') as [string, string?];
  if (member === undefined) return scope.set(name, value);
  const around = scope.get(first);
  const others = around instanceof Thing ? Object.fromEntries(around.attributes) : {};
  scope.set(first, new Thing(`package ${first}`, { ...others, [member]: value }));
}

const NO_NAMES: TemplateNames = { resolver: null, config: { declared: {}, captured: {} }, names: {} };

/** The same failure with the line of the file that is rendered, and the macro it happened in. */
function located(error: unknown, frames: readonly Frame[]): unknown {
  const [outer] = frames;
  const inner = frames.at(-1);
  if (outer === undefined || inner === undefined) return error;
  const place = placeOf(outer.file, outer.line);
  const inside = inner.macro === null ? '' : ` (in macro ${inner.macro}, ${inner.file}:${inner.line})`;
  if (error instanceof LensError) {
    if (error.place !== undefined) return error;
    return new LensError(error.code, error.message + inside, { place, hint: error.hint, cause: error });
  }
  if (error instanceof ReturnSignal) {
    return new LensError('MODEL_RENDER_FAILED', 'return() stands outside a macro', { place });
  }
  if (error instanceof TemplateError) {
    const code = error instanceof UnsupportedError ? 'MODEL_NOT_SUPPORTED' : 'MODEL_RENDER_FAILED';
    return new LensError(code, error.message + inside, { place, hint: error.hint, cause: error });
  }
  return error;
}
