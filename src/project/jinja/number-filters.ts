import { Float, isNumber, numeric, parseNumber, parseWhole, truncated } from '../../core/numbers.ts';
import { bind, wholeArgument } from './arguments.ts';
import { roundHalfEven, roundToSide } from './rounding.ts';
import { type Arguments, repr, TemplateError, text, typeName, type Value } from './values.ts';

/** Jinja's `round`. */
export const round = (value: Value, args: Arguments): Value => {
  const { precision, method } = bind('round', args, ['precision', 'method']);
  if (!isNumber(value)) throw new TemplateError(`round needs a number, not a ${typeName(value)}`);
  const number = typeof value === 'boolean' ? Number(value) : value;
  const digits = wholeArgument('round', precision ?? 0);
  if (method === 'ceil' || method === 'floor') return roundToSide(number, digits, method);
  if (method === undefined || method === 'common') return roundHalfEven(number, digits);
  throw new TemplateError(`round has no method ${repr(method)}`, 'use common, ceil or floor');
};

/** Jinja's `int` and `float`: 0, or the default given, where the value is not a number. */
export const toNumber =
  (whole: boolean) =>
  (value: Value, args: Arguments): Value => {
    const bound = bind('int or float', args, whole ? ['default', 'base'] : ['default']);
    const missing = bound.default ?? (whole ? 0 : new Float(0));
    const inBase =
      whole && typeof value === 'string' ? parseWhole(value, wholeArgument('int', bound.base ?? 10)) : undefined;
    if (inBase !== undefined) return inBase;
    const parsed = isNumber(value) ? value : typeof value === 'string' ? parseNumber(value) : undefined;
    if (parsed === undefined) return missing;
    const number = numeric(parsed);
    if (!whole) return new Float(Number(number));
    return Number.isFinite(Number(number)) ? truncated(number) : missing;
  };

/** dbt's `as_number`. */
export const asNumber = (value: Value): Value => {
  const parsed = isNumber(value) ? value : parseNumber(text(value));
  if (parsed === undefined) throw new TemplateError(`${text(value)} is not a number`);
  return typeof parsed === 'boolean' ? Number(parsed) : parsed;
};
