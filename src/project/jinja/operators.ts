import { wholeArgument } from './arguments.ts';
import { formatPercent } from './format.ts';
import { compute, isNumber, numeric, Float, type Whole } from '../../core/numbers.ts';
import {
  Operand,
  TemplateError,
  Tuple,
  Undefined,
  compare,
  equal,
  items,
  repr,
  text,
  tuple,
  typeName,
  type Value,
} from './values.ts';

/** Python's operators, other than `and` and `or`, which need not look at their right side. */
export function applyOperator(operator: string, left: Value, right: Value): Value {
  switch (operator) {
    case '~':
      return text(left) + text(right);
    case '==':
      return equal(left, right);
    case '!=':
      return !equal(left, right);
    case 'in':
      return contains(right, left);
    case 'not in':
      return !contains(right, left);
    default:
      if (operator !== '%' || typeof left !== 'string') rejectUndefined(left, right);
  }
  switch (operator) {
    case '<':
      return compare(left, right) < 0;
    case '<=':
      return compare(left, right) <= 0;
    case '>':
      return compare(left, right) > 0;
    case '>=':
      return compare(left, right) >= 0;
    case '+':
      if (typeof left === 'string' && typeof right === 'string') return left + right;
      if (Array.isArray(left) && Array.isArray(right) && left instanceof Tuple === right instanceof Tuple) {
        return left instanceof Tuple ? tuple(...left, ...right) : [...left, ...right];
      }
      return arithmetic(operator, left, right);
    case '*':
      if (typeof left === 'string') return left.repeat(Math.max(0, wholeArgument('*', right)));
      if (Array.isArray(left))
        return Array.from({ length: Math.max(0, wholeArgument('*', right)) }, () => [...left]).flat();
      return arithmetic(operator, left, right);
    case '%':
      return typeof left === 'string' ? formatPercent(left, right) : arithmetic(operator, left, right);
    default:
      return arithmetic(operator, left, right);
  }
}

export function negate(value: Value): Value {
  if (value instanceof Float) return new Float(-value.value);
  return applyOperator('-', 0, value);
}

function contains(container: Value, item: Value): boolean {
  if (typeof container === 'string') {
    if (typeof item !== 'string') throw new TemplateError(`a string cannot contain a ${typeName(item)}`);
    return container.includes(item);
  }
  return items(container).some((other) => equal(other, item));
}

function arithmetic(operator: string, left: Value, right: Value): Value {
  const own = left instanceof Operand ? left.operate(operator, right, 'left') : undefined;
  const made = own ?? (right instanceof Operand ? right.operate(operator, left, 'right') : undefined);
  if (made !== undefined) return made;
  if (!isNumber(left) || !isNumber(right)) {
    throw new TemplateError(
      `${operator} does not apply to a ${typeName(left)} and a ${typeName(right)}`,
      'use ~ to join texts',
    );
  }
  const [a, b] = [counted(left), counted(right)];
  if (Number(numeric(b)) === 0 && (operator === '/' || operator === '//' || operator === '%'))
    throw new TemplateError('division by zero');
  if (operator === '**' && Number(numeric(b)) * Math.log2(Math.abs(Number(numeric(a))) + 1) > LONGEST)
    throw new TemplateError(`${repr(left)} ** ${repr(right)} is too large for a template`, 'compute it in SQL');
  const result = compute(operator, a, b);
  if (result === undefined) throw new TemplateError(`unknown operator ${operator}`);
  return result;
}

/** Bits of the largest power. */
const LONGEST = 4096;

/** True and false count as 1 and 0. */
function counted(value: Whole | Float | boolean): Whole | Float {
  return typeof value === 'boolean' ? Number(value) : value;
}

function rejectUndefined(...values: Value[]): void {
  for (const value of values) if (value instanceof Undefined) throw value.error();
}
