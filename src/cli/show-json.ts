import type { ResultColumn } from '../warehouse/read-only-query.ts';

/** A JSON number with these digits, however many a double holds. TypeScript does not know of it yet. */
const { rawJSON } = JSON as unknown as { readonly rawJSON: (digits: string) => object };

const WHOLE = /^U?(BIGINT|HUGEINT)$/;

/**
 * Rows as `dbt show --output json` prints them: DECIMALs and whole numbers of any size are numbers, points in time have a zone where their
 * column has one. dbt takes DECIMALs for doubles; here every digit stays, within lists, structs and maps, too. These are JSON, which are texts in dbt.
 *
 * @param name of the node; null for an inline query
 */
export function showJson(
  name: string | null,
  columns: readonly ResultColumn[],
  rows: readonly (readonly unknown[])[],
): string {
  const show = rows.map((row) =>
    Object.fromEntries(columns.map((column, i) => [column.name, valueOf(row[i], column.type)])),
  );
  return JSON.stringify(name === null ? { show } : { node: name, show }, null, 2);
}

function valueOf(value: unknown, type: string): unknown {
  if (typeof value === 'object' && value !== null) return nestedOf(value, type);
  if (typeof value !== 'string') return value;
  if (type.startsWith('DECIMAL')) return rawJSON(decimalDigits(value));
  if (WHOLE.test(type)) return rawJSON(value);
  if (type === 'TIMESTAMP WITH TIME ZONE') return value.replace(/Z$/, '+00:00');
  return type.startsWith('TIMESTAMP') ? value.replace(/Z$/, '') : value;
}

/** A list or array, a struct, or a map, of which rows have pairs of `key` and `value`. */
function nestedOf(value: object, type: string): unknown {
  const list = /^(.*)\[\d*\]$/s.exec(type)?.[1];
  if (Array.isArray(value) && list !== undefined) return value.map((one) => valueOf(one, list));
  const [, kind, inner] = /^(STRUCT|MAP)\((.*)\)$/s.exec(type) ?? [];
  if (kind === 'MAP' && inner !== undefined && Array.isArray(value)) {
    const [keyType = '', valueType = ''] = partsOf(inner);
    return value.map((one: { key: unknown; value: unknown }) => ({
      key: valueOf(one.key, keyType),
      value: valueOf(one.value, valueType),
    }));
  }
  if (kind !== 'STRUCT' || inner === undefined || Array.isArray(value)) return value;
  const types = new Map(partsOf(inner).map(fieldOf));
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, valueOf(one, types.get(name) ?? '')]));
}

/** Name and type of a field of a struct: `"a b" DECIMAL(4,2)`. */
function fieldOf(field: string): [string, string] {
  const [, quoted, plain, type = ''] = /^(?:"((?:[^"]|"")*)"|(\S+)) (.*)$/s.exec(field) ?? [];
  return [quoted?.replaceAll('""', '"') ?? plain ?? '', type];
}

/** What stands between the commas of a type that are in no brackets or names of their own. */
function partsOf(inner: string): string[] {
  const parts: string[] = [''];
  let depth = 0;
  for (const [token] of inner.matchAll(/"(?:[^"]|"")*"|[(),]|[^"(),]+/g)) {
    if (token === ',' && depth === 0) parts.push('');
    else parts[parts.length - 1] += token;
    depth += token === '(' ? 1 : token === ')' ? -1 : 0;
  }
  return parts.map((part) => part.trim());
}

/** `1.50` is 1.5, `5.00` is 5.0, as Python writes them. */
function decimalDigits(text: string): string {
  const [whole = '', fraction = ''] = text.split('.');
  return `${whole}.${fraction.replace(/0+$/, '') || '0'}`;
}
