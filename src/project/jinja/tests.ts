import { Float, isNumber, isWhole, numeric, type Whole } from '../../core/numbers.ts';
import { applyOperator } from './operators.ts';
import { isLower, isUpper } from './string-methods.ts';
import { TemplateError, Thing, Undefined, equal, text, truthy, typeName, type Value } from './values.ts';

/** `value is name`, and the tests that `select('name', parameter)` names. */
export function applyTest(name: string, value: Value, parameters: readonly Value[] = []): boolean {
  const test = Object.hasOwn(TESTS, name) ? TESTS[name] : undefined;
  if (test === undefined) throw new TemplateError(`there is no test ${name}`, 'docs/project.md lists the tests');
  return test(value, parameters[0] ?? null);
}

function numberOf(value: Value): Whole {
  if (!isNumber(value)) throw new TemplateError(`a ${typeName(value)} is neither odd nor even`);
  return numeric(value);
}

/** What is left of a division, never below zero for a divisor above it. */
function rest(value: Value, by: Value): number {
  numberOf(value);
  return Number(numberOf(applyOperator('%', value, by)));
}

const operator =
  (symbol: string) =>
  (value: Value, other: Value): boolean =>
    truthy(applyOperator(symbol, value, other));

const TESTS: Readonly<Record<string, (value: Value, other: Value) => boolean>> = {
  '!=': (value, other) => !equal(value, other),
  '<': operator('<'),
  '<=': operator('<='),
  '==': equal,
  '>': operator('>'),
  '>=': operator('>='),
  boolean: (value) => typeof value === 'boolean',
  callable: (value) =>
    typeof value === 'function' || value instanceof Undefined || (value instanceof Thing && value.call !== undefined),
  defined: (value) => !(value instanceof Undefined),
  divisibleby: (value, by) => rest(value, by) === 0,
  eq: equal,
  equalto: equal,
  even: (value) => rest(value, 2) === 0,
  false: (value) => value === false,
  float: (value) => value instanceof Float,
  ge: operator('>='),
  greaterthan: operator('>'),
  gt: operator('>'),
  in: operator('in'),
  integer: isWhole,
  iterable: (value) =>
    Array.isArray(value) ||
    value instanceof Map ||
    value instanceof Undefined ||
    typeof value === 'string' ||
    (value instanceof Thing && value.items !== undefined),
  le: operator('<='),
  lessthan: operator('<'),
  lower: (value) => isLower(text(value)),
  lt: operator('<'),
  mapping: (value) => value instanceof Map || (value instanceof Thing && value.mapping),
  ne: (value, other) => !equal(value, other),
  none: (value) => value === null,
  number: (value) => isNumber(value),
  odd: (value) => rest(value, 2) === 1,
  sameas: (value, other) => value === other,
  sequence: (value) =>
    Array.isArray(value) || value instanceof Map || typeof value === 'string' || value instanceof Undefined,
  string: (value) => typeof value === 'string',
  true: (value) => value === true,
  undefined: (value) => value instanceof Undefined,
  upper: (value) => isUpper(text(value)),
};
