import type { MacroStatement, Parameter } from './ast.ts';
import type { Evaluator } from './evaluator.ts';
import { Scope } from './scope.ts';
import { TemplateError, Undefined, tuple, type Arguments, type Callable, type Value } from './values.ts';

/** Where rendering is: a file, the line of the tag under way, and the macro, if one runs. */
export interface Frame {
  readonly file: string;
  readonly macro: string | null;
  line: number;
}

export interface MacroDefinition {
  readonly node: MacroStatement;
  /** As errors name it. */
  readonly file: string;
}

/** Thrown by `return(value)`: dbt's macros give values of any kind, not only text. */
export class ReturnSignal {
  readonly value: Value;
  constructor(value: Value) {
    this.value = value;
  }
}

/** dbt's `return()`. */
export const returnFunction: Callable = ({ positional }) => {
  // oxlint-disable-next-line typescript/only-throw-error -- a jump out of the macro, not a failure
  throw new ReturnSignal(positional[0] ?? null);
};

/** A macro as a function: binds its arguments, renders its body, gives what it returned or else its text. */
export function defineMacro(
  definition: MacroDefinition,
  outer: Scope,
  evaluator: Evaluator,
  within: <T>(frame: Frame, body: () => T) => T,
): Callable {
  const { node, file } = definition;
  const name = node.name.value;
  return (args) =>
    within({ file, macro: name, line: 1 }, () => {
      const scope = new Scope(outer);
      bindParameters(node, args, scope, evaluator);
      try {
        return evaluator.block(node.body, scope);
      } catch (error) {
        if (error instanceof ReturnSignal) return error.value;
        throw error;
      }
    });
}

function bindParameters(node: MacroStatement, args: Arguments, scope: Scope, evaluator: Evaluator): void {
  const name = node.name.value;
  const named = new Map(args.named);
  const caller = named.get('caller');
  if (caller !== undefined && !node.args.some((parameter) => parameterName(parameter) === 'caller')) {
    scope.set('caller', caller);
    named.delete('caller');
  }
  const defaults: [string, Parameter][] = [];
  node.args.forEach((parameter, i) => {
    const key = parameterName(parameter);
    const value = i < args.positional.length ? args.positional[i] : named.get(key);
    named.delete(key);
    if (value === undefined) defaults.push([key, parameter]);
    scope.set(key, value === undefined ? new Undefined(`the argument ${key} of macro ${name}`) : value);
  });
  const rest = args.positional.slice(node.args.length);
  if (rest.length > 0 && !mentions(node, 'varargs')) {
    throw new TemplateError(`macro ${name} takes at most ${node.args.length} arguments`);
  }
  const [extra] = named.keys();
  if (extra !== undefined && !mentions(node, 'kwargs'))
    throw new TemplateError(`macro ${name} has no argument ${extra}`);
  scope.set('varargs', tuple(...rest));
  scope.set('kwargs', new Map<Value, Value>(named));
  for (const [key, parameter] of defaults) {
    if (parameter.type === 'KeywordArgumentExpression') scope.set(key, evaluator.evaluate(parameter.value, scope));
  }
}

function parameterName(parameter: Parameter): string {
  return parameter.type === 'Identifier' ? parameter.value : parameter.key.value;
}

/** Whether a node's tree uses a name: a macro takes more arguments only if it says `varargs` or `kwargs`. */
function mentions(node: unknown, name: string): boolean {
  if (typeof node !== 'object' || node === null) return false;
  if ('type' in node && node.type === 'Identifier' && 'value' in node && node.value === name) return true;
  const parts = node instanceof Map ? [...node].flat() : Object.values(node);
  return parts.some((part) => mentions(part, name));
}
