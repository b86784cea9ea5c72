import { Float } from '../../core/numbers.ts';
import { TemplateError, Undefined, items, text, typeName, type Arguments, type Value } from './values.ts';

/**
 * The arguments of a built-in function by its parameter names, in order; a missing one is undefined. An argument too
 * many or of another name is an error that names the function.
 */
export function bind<Name extends string>(
  what: string,
  args: Arguments,
  names: readonly Name[],
): Partial<Record<Name, Value>> {
  const bound: Partial<Record<Name, Value>> = {};
  if (args.positional.length > names.length)
    throw new TemplateError(`${what}() takes at most ${names.length} arguments`);
  args.positional.forEach((value, i) => (bound[names[i] as Name] = value));
  for (const [name, value] of args.named) {
    if (!(names as readonly string[]).includes(name)) throw new TemplateError(`${what}() has no argument ${name}`);
    bound[name as Name] = value;
  }
  return bound;
}

export function stringArgument(what: string, value: Value | undefined): string {
  if (typeof value === 'string') return value;
  if (value instanceof Undefined) return text(value);
  throw new TemplateError(`${what} needs a string, not a ${value === undefined ? 'missing one' : typeName(value)}`);
}

export function wholeArgument(what: string, value: Value | undefined): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean' || typeof value === 'bigint') return Number(value);
  if (value instanceof Float && Number.isInteger(value.value)) return value.value;
  if (value instanceof Undefined) throw new TemplateError(`${value.what} is undefined`);
  throw new TemplateError(
    `${what} needs a whole number, not a ${value === undefined ? 'missing one' : typeName(value)}`,
  );
}

/** The entries of a dict, or of a list of pairs. */
export function pairs(of: Value): [Value, Value][] {
  if (of instanceof Map) return [...of];
  return items(of).map((one): [Value, Value] => {
    const [key, value, ...more] = items(one);
    if (key === undefined || value === undefined || more.length > 0)
      throw new TemplateError('a dict is made of a dict, or of pairs of keys and values');
    return [key, value];
  });
}
