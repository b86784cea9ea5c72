import type { ResultColumn } from '../warehouse/read-only-query.ts';

/** A JSON number with these digits, however many a double holds. TypeScript does not know of it yet. */
const { rawJSON } = JSON as unknown as { readonly rawJSON: (digits: string) => object };

const WHOLE = /^U?(BIGINT|HUGEINT)$/;

/**
 * Rows as `dbt show --output json` prints them: DECIMALs and whole numbers of any size are numbers, points in time have a zone where their
 * column has one. dbt takes DECIMALs for doubles; here every digit stays. Lists and structs are JSON, which are texts in dbt.
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
  if (typeof value !== 'string') return value;
  if (type.startsWith('DECIMAL')) return rawJSON(decimalDigits(value));
  if (WHOLE.test(type)) return rawJSON(value);
  if (type === 'TIMESTAMP WITH TIME ZONE') return value.replace(/Z$/, '+00:00');
  return type.startsWith('TIMESTAMP') ? value.replace(/Z$/, '') : value;
}

/** `1.50` is 1.5, `5.00` is 5.0, as Python writes them. */
function decimalDigits(text: string): string {
  const [whole = '', fraction = ''] = text.split('.');
  return `${whole}.${fraction.replace(/0+$/, '') || '0'}`;
}
