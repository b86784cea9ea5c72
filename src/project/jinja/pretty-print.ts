import { DistinctItems, repr, Tuple, type Value } from './values.ts';

const WIDTH = 80;
/** Where values of different types have no order, Python's go by the names of these. */
const PYTHON_TYPES: readonly (readonly [string, (value: Value) => boolean])[] = [
  ['NoneType', (value) => value === null],
  ['bool', (value) => typeof value === 'boolean'],
  ['int', (value) => typeof value === 'number' || typeof value === 'bigint'],
  ['str', (value) => typeof value === 'string'],
];

/** A value over several lines where one of 80 characters is not enough: `pprint.pformat` of Python 3.11. */
export function prettyPrinted(value: Value): string {
  return formatted(value, 0, 0, 1);
}

function formatted(value: Value, indent: number, allowance: number, level: number): string {
  const plain = sortedRepr(value);
  if (plain.length <= WIDTH - indent - allowance) return plain;
  if (value instanceof Map) {
    const entries = sortedEntries(value).map(([key, entry], i, all): string => {
      const name = repr(key);
      const left = i === all.length - 1 ? allowance + 1 : 1;
      return `${name}: ${formatted(entry, indent + name.length + 3, left, level + 1)}`;
    });
    return `{${entries.join(`,\n${' '.repeat(indent + 1)}`)}}`;
  }
  if (Array.isArray(value)) {
    const end = value instanceof DistinctItems ? '}' : value instanceof Tuple ? (value.length === 1 ? ',)' : ')') : ']';
    const begin = value instanceof DistinctItems ? '{' : value instanceof Tuple ? '(' : '[';
    const parts = [...value].map((one, i, all) =>
      formatted(one, indent + 1, i === all.length - 1 ? allowance + end.length : 1, level + 1),
    );
    return `${begin}${parts.join(`,\n${' '.repeat(indent + 1)}`)}${end}`;
  }
  return typeof value === 'string' ? longText(value, indent, allowance, level) : plain;
}

/** A long text as several that Python reads as one. */
function longText(value: string, outer: number, outerAllowance: number, level: number): string {
  const indent = level === 1 ? outer + 1 : outer;
  const allowance = level === 1 ? outerAllowance + 1 : outerAllowance;
  const width = WIDTH - indent;
  const lines = value.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  const chunks = lines.flatMap((line, i) => {
    const isLast = i === lines.length - 1;
    if (repr(line).length <= width - (isLast ? allowance : 0)) return [repr(line)];
    const parts = line.match(/\S*\s*/g)?.filter(Boolean) ?? [];
    const made: string[] = [];
    let current = '';
    for (const [j, part] of parts.entries()) {
      const most = isLast && j === parts.length - 1 ? width - allowance : width;
      if (repr(current + part).length <= most) current += part;
      else {
        if (current !== '') made.push(repr(current));
        current = part;
      }
    }
    return current === '' ? made : [...made, repr(current)];
  });
  if (chunks.length === 1) return chunks[0] as string;
  const text = chunks.join(`\n${' '.repeat(indent)}`);
  return level === 1 ? `(${text})` : text;
}

function sortedRepr(value: Value): string {
  if (value instanceof Map) {
    return `{${sortedEntries(value)
      .map(([key, entry]) => `${repr(key)}: ${sortedRepr(entry)}`)
      .join(', ')}}`;
  }
  if (!Array.isArray(value) || value instanceof DistinctItems) return repr(value);
  if (value.constructor !== Array && !(value instanceof Tuple)) return repr(value);
  const parts = [...value].map(sortedRepr);
  if (!(value instanceof Tuple)) return `[${parts.join(', ')}]`;
  return parts.length === 1 ? `(${parts[0]},)` : `(${parts.join(', ')})`;
}

function sortedEntries(value: ReadonlyMap<Value, Value>): [Value, Value][] {
  const typeOf = (one: Value): string => PYTHON_TYPES.find(([, is]) => is(one))?.[0] ?? '';
  return [...value].sort(([a], [b]) => {
    const [one, other] = typeOf(a) === typeOf(b) ? [a, b] : [typeOf(a), typeOf(b)];
    if (one === null || other === null || one === other) return 0;
    return one < other ? -1 : 1;
  });
}
