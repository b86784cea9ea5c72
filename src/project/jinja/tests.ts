import { applyOperator } from './operators.ts';
import {
  Float,
  TemplateError,
  Thing,
  Undefined,
  equal,
  isNumber,
  numeric,
  truthy,
  typeName,
  type Value,
} from './values.ts';

/** `value is name`, and the tests that `select('name', parameter)` names. */
export function applyTest(name: string, value: Value, parameters: readonly Value[] = []): boolean {
  const test = Object.hasOwn(TESTS, name) ? TESTS[name] : undefined;
  if (test === undefined) throw new TemplateError(`there is no test ${name}`, 'docs/project.md lists the tests');
  return test(value, parameters[0] ?? null);
}

function whole(value: Value): number {
  if (!isNumber(value)) throw new TemplateError(`a ${typeName(value)} is neither odd nor even`);
  return numeric(value);
}

const operator =
  (symbol: string) =>
  (value: Value, other: Value): boolean =>
    truthy(applyOperator(symbol, value, other));

const TESTS: Readonly<Record<string, (value: Value, other: Value) => boolean>> = {
  boolean: (value) => typeof value === 'boolean',
  callable: (value) => typeof value === 'function' || (value instanceof Thing && value.call !== undefined),
  defined: (value) => !(value instanceof Undefined),
  divisibleby: (value, by) => whole(value) % whole(by) === 0,
  eq: equal,
  equalto: equal,
  even: (value) => whole(value) % 2 === 0,
  false: (value) => value === false,
  float: (value) => value instanceof Float,
  ge: operator('>='),
  greaterthan: operator('>'),
  gt: operator('>'),
  in: operator('in'),
  integer: (value) => typeof value === 'number',
  iterable: (value) => Array.isArray(value) || value instanceof Map || typeof value === 'string',
  le: operator('<='),
  lessthan: operator('<'),
  lower: (value) => typeof value === 'string' && value === value.toLowerCase() && value !== value.toUpperCase(),
  lt: operator('<'),
  mapping: (value) => value instanceof Map,
  ne: (value, other) => !equal(value, other),
  none: (value) => value === null,
  number: (value) => isNumber(value),
  odd: (value) => Math.abs(whole(value) % 2) === 1,
  sameas: (value, other) => value === other,
  sequence: (value) => Array.isArray(value) || value instanceof Map || typeof value === 'string',
  string: (value) => typeof value === 'string',
  true: (value) => value === true,
  undefined: (value) => value instanceof Undefined,
  upper: (value) => typeof value === 'string' && value === value.toUpperCase() && value !== value.toLowerCase(),
};
