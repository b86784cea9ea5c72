import { Float, whole } from './numbers.ts';

/**
 * JSON that tells 1.0 from 1 and has whole numbers of any size, as Python's: {@link parseExactJson} gives the same values back. What is not
 * a number is written as JSON.stringify does; NaN is null, infinity a number that is too large for a double.
 */
export function exactJson(value: unknown): string {
  if (value instanceof Float) return floatJson(value);
  if (typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return `[${value.map(exactJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([, one]) => one !== undefined);
    return `{${entries.map(([key, one]) => `${JSON.stringify(key)}:${exactJson(one)}`).join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}

function floatJson({ value }: Float): string {
  if (Number.isNaN(value)) return 'null';
  return Number.isFinite(value) ? new Float(value).toString() : `${value < 0 ? '-' : ''}1e999`;
}

/** JSON's values, numbers as Python reads them: whole ones exact, others as {@link Float}. SyntaxError for what is no JSON. */
export function parseExactJson(text: string): unknown {
  return JSON.parse(text, (_, value: unknown, context?: { readonly source?: string }) => {
    const source = context?.source;
    if (typeof value !== 'number' || source === undefined) return value;
    return /^-?\d+$/.test(source) ? whole(BigInt(source)) : new Float(value);
  });
}
