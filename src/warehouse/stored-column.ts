import { ident } from './sql.ts';

/**
 * A column as CREATE TABLE has it, of a table that is kept. 128-bit numbers (HUGEINT, DECIMAL of more than 18 digits, as every sum of decimals
 * is) are left unpacked: DuckDB 1.5.6 takes 70 to 300 ns to unpack each, 50 to 100 times as long as any other number, whether its row is wanted
 * or not (decision 15).
 */
export function storedColumn(name: string, type: string): string {
  return `${ident(name)} ${type}${isWide(type) ? ' using compression uncompressed' : ''}`;
}

/** Whether a type is of numbers of 128 bits. */
export function isWide(type: string): boolean {
  return /^(U?HUGEINT|DECIMAL\((19|[23]\d),\s*\d+\))$/i.test(type);
}
