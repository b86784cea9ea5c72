/** The types a raw table's column can have (design, "Types"), with their DuckDB names. */
export type ColumnType =
  | { readonly kind: 'bigint' | 'integer' | 'double' | 'float' | 'varchar' | 'boolean' | 'timestamp' | 'date' | 'blob' }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  | { readonly kind: 'list'; readonly element: ColumnType }
  | { readonly kind: 'array'; readonly element: ColumnType; readonly length: number };

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  readonly nullable: boolean;
}

/** The DuckDB name of a type, as in CREATE TABLE. */
export function sqlType(type: ColumnType): string {
  switch (type.kind) {
    case 'decimal':
      return `DECIMAL(${type.precision},${type.scale})`;
    case 'list':
      return `${sqlType(type.element)}[]`;
    case 'array':
      return `${sqlType(type.element)}[${type.length}]`;
    default:
      return type.kind.toUpperCase();
  }
}
