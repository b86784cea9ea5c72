/** The types a raw table's column can have (design, "Types"), with their DuckDB names. */
export type ColumnType =
  | { readonly kind: 'bigint' | 'integer' | 'double' | 'float' | 'varchar' | 'boolean' | 'timestamp' | 'date' | 'blob' }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  | { readonly kind: 'list'; readonly element: ColumnType }
  | { readonly kind: 'array'; readonly element: ColumnType; readonly length: number }
  | { readonly kind: 'struct'; readonly fields: readonly StructField[] };

export interface StructField {
  readonly name: string;
  readonly type: ColumnType;
}

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
    case 'struct':
      return `STRUCT(${type.fields.map((field) => `"${field.name.replaceAll('"', '""')}" ${sqlType(field.type)}`).join(', ')})`;
    default:
      return type.kind.toUpperCase();
  }
}

/** Bytes a row of a type takes in a chunk (column-chunk.ts); 0 where its elements or fields hold all of it. */
export function widthOf(type: ColumnType): number {
  switch (type.kind) {
    case 'boolean':
      return 1;
    case 'integer':
    case 'date':
    case 'float':
      return 4;
    case 'bigint':
    case 'timestamp':
    case 'double':
      return 8;
    case 'varchar':
    case 'blob':
    case 'list':
      return 16;
    case 'array':
    case 'struct':
      return 0;
    case 'decimal':
      if (type.precision <= 4) return 2;
      if (type.precision <= 9) return 4;
      return type.precision <= 18 ? 8 : 16;
  }
}
