import type { Column, ColumnType } from '../core/columns.ts';
import { type AvroField, type AvroRecord, type AvroType, parseAvroSchema } from './avro-schema.ts';
import type { FieldCheck, LandingMode, TopicContract, TopicKind } from './topic-contract.ts';

/** One field of the newest schema as a column. In the Avro record it has its name, in the table and in JSON the column's. */
export interface ShapeField {
  readonly name: string;
  /** Without the null of a nullable union. */
  readonly type: Exclude<AvroType, { kind: 'union' }>;
  readonly nullable: boolean;
  /** For a nullable field: which branch of the union null is, 0 or 1. */
  readonly nullBranch: number;
  readonly avro: AvroField;
  readonly column: Column;
  readonly check: FieldCheck | undefined;
  /** Its place in the rows of a batch. */
  readonly position: number;
}

/** What decoding and encoding need to know of a topic, worked out once from its contract. */
export interface RecordShape {
  readonly contract: TopicContract;
  readonly record: AvroRecord;
  /** In the newest schema's order, which is the order of the bytes. */
  readonly fields: readonly ShapeField[];
  /** The fields of the message key, in the key's order. */
  readonly key: readonly ShapeField[];
  /** Types of the rows of a batch (see SealedBatch), and of its deleted keys. */
  readonly rowTypes: readonly ColumnType[];
  readonly deletedTypes: readonly ColumnType[];
}

const KEY_KINDS: ReadonlySet<ColumnType['kind']> = new Set([
  'bigint',
  'integer',
  'varchar',
  'boolean',
  'date',
  'timestamp',
  'decimal',
]);

/** What a contract says beside its schemas. */
export interface Declaration {
  readonly mode: LandingMode;
  readonly key: readonly string[];
  readonly kinds: readonly TopicKind[];
  readonly checks: ReadonlyMap<string, FieldCheck>;
  readonly columnNames: ReadonlyMap<string, string>;
}

/** The column type of a field's type; throws an Error that names what is not supported. */
export function columnType(type: AvroType, check?: FieldCheck, within: readonly AvroType[] = []): ColumnType {
  switch (type.kind) {
    case 'boolean':
    case 'float':
    case 'double':
      return { kind: type.kind };
    case 'int':
      return { kind: type.logical?.name === 'date' ? 'date' : 'integer' };
    case 'long':
      return { kind: type.logical === undefined ? 'bigint' : 'timestamp' };
    case 'string':
    case 'enum':
      return { kind: 'varchar' };
    case 'bytes':
    case 'fixed':
      if (type.logical?.name !== 'decimal') return { kind: 'blob' };
      return { kind: 'decimal', precision: type.logical.precision, scale: type.logical.scale };
    case 'array': {
      const element = columnType(nonNull(type.items).type, undefined, within);
      return check?.length === undefined ? { kind: 'list', element } : { kind: 'array', element, length: check.length };
    }
    case 'record': {
      if (within.includes(type)) throw new Error(`the record ${type.name} cannot be a column, since it holds itself`);
      if (type.fields.length === 0)
        throw new Error(`the record ${type.name} cannot be a column, since it has no field`);
      const fields = type.fields.map((field) => ({
        name: field.name,
        type: columnType(nonNull(field.type).type, undefined, [...within, type]),
      }));
      return { kind: 'struct', fields };
    }
    case 'null':
    case 'map':
      throw new Error(`Avro's ${type.kind} cannot be a column`);
    case 'union':
      throw new Error('a union cannot be a column, except of null and one other type');
  }
}

/** The one type beside null of a union, or the type itself. */
export function nonNull(type: AvroType): {
  type: Exclude<AvroType, { kind: 'union' }>;
  nullable: boolean;
  nullBranch: number;
} {
  if (type.kind !== 'union') return { type, nullable: false, nullBranch: -1 };
  const nullBranch = type.branches.findIndex((branch) => branch.kind === 'null');
  const other = type.branches[1 - nullBranch];
  if (type.branches.length !== 2 || nullBranch < 0 || other === undefined || other.kind === 'union') {
    throw new Error('a union cannot be a column, except of null and one other type');
  }
  return { type: other, nullable: true, nullBranch };
}

/** Fields of the newest schema as columns, in the order of a batch's rows. Throws an Error naming the field. */
export function shapeFields(record: AvroRecord, declared: Declaration): ShapeField[] {
  const order = rowOrder(record, declared);
  return record.fields.map((avro) => {
    const check = declared.checks.get(avro.name);
    try {
      const { type, nullable, nullBranch } = nonNull(avro.type);
      const key = declared.key.includes(avro.name);
      const columnKind = columnType(type, check);
      if (key && nullable) throw new Error('a key field cannot be nullable');
      if (key && !KEY_KINDS.has(columnKind.kind)) throw new Error(`a key field cannot be ${type.kind}`);
      const column = { name: declared.columnNames.get(avro.name) ?? avro.name, type: columnKind, nullable };
      return { name: avro.name, type, nullable, nullBranch, avro, column, check, position: order.indexOf(avro.name) };
    } catch (error) {
      throw new Error(`field ${avro.name}: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    }
  });
}

function rowOrder(record: AvroRecord, { mode, key, kinds }: Declaration): string[] {
  if (mode !== 'patch') return record.fields.map((field) => field.name);
  return [...key, ...kinds.flatMap((kind) => kind.columns)];
}

/** The raw table's columns (see TopicContract). */
export function tableColumns(fields: readonly ShapeField[], { mode, key }: Declaration): Column[] {
  const columns = [...fields].sort((a, b) => a.position - b.position).map((field) => field.column);
  if (mode !== 'patch') return columns;
  const kind = key.at(-1);
  return [
    ...columns.filter((column) => column.name !== kind),
    { name: '_kinds', type: { kind: 'integer' }, nullable: false },
  ];
}

/** The shape of a contract that loadTopics has checked. */
export function shapeOf(contract: TopicContract): RecordShape {
  const record = parseAvroSchema(contract.versions.at(-1)?.schema) as AvroRecord;
  const fields = shapeFields(record, contract);
  const key = contract.key.map((name) => fields.find((field) => field.name === name) as ShapeField);
  const rows = [...fields].sort((a, b) => a.position - b.position);
  const deleted = contract.mode === 'append' ? [] : key;
  return {
    contract,
    record,
    fields,
    key,
    rowTypes: rows.map((field) => field.column.type),
    deletedTypes: deleted.map((field) => field.column.type),
  };
}
