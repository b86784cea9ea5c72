import { ColumnVector } from '../core/column-chunk.ts';
import { StringHeap } from '../core/string-heap.ts';
import type { ColumnType } from '../core/columns.ts';
import type { AvroRecord, AvroType } from './avro-schema.ts';
import { type AvroValue, writerField } from './avro-values.ts';
import { unscaledBound } from './decimal-text.ts';
import { checkValue, comparable } from './landing-checks.ts';
import { nonNull, type RecordShape, type ShapeField } from './record-shape.ts';
import { writeValue } from './write-value.ts';

/** What the generated decoder does for one field in the bytes, or one that a default fills. */
export interface PlanStep {
  readonly kind:
    | 'default'
    | 'boolean'
    | 'int'
    | 'long'
    | 'float'
    | 'double'
    | 'decimal'
    | 'text'
    | 'symbol'
    | 'numbers';
  readonly label: string;
  /** null: the newest schema has no such field, it is skipped. */
  readonly target: { readonly position: number; readonly column: ColumnType['kind']; readonly width: number } | null;
  /** Which branch null is, -1 where the writer has no null. */
  readonly nullBranch: number;
  readonly nullAllowed: boolean;
  /** Inclusive; of a decimal, in unscaled numbers. */
  readonly bounds: { readonly min: number | null; readonly max: number | null } | null;
  readonly accepted: readonly Uint8Array[] | null;
  readonly utf8: boolean;
  /** Bytes of a fixed. */
  readonly size: number | null;
  readonly symbols: readonly string[] | null;
  /** The string slot of each symbol, 4 words each; -1 first where a check refuses it. */
  readonly slots: Int32Array | null;
  readonly milliseconds: boolean;
  /** default: the row's words (bytes, where it is narrower than 4); null: null. */
  readonly words: readonly number[] | null;
}

export interface DecoderPlan {
  readonly steps: readonly PlanStep[];
  /** Whether each row's kind is to be held against its columns. */
  readonly patch: boolean;
  readonly key: {
    readonly optional: boolean;
    /** Where the key is one whole number, its column. */
    readonly wholeNumber: { readonly position: number; readonly wide: boolean } | null;
  } | null;
}

/**
 * The plan of a generated decoder from one writer schema to the newest, or null when something in it is left to the
 * exact way (other unions, lists of anything but floats and doubles, rare promotions, long defaults).
 */
export function planDecoder(shape: RecordShape, writer: AvroRecord): DecoderPlan | null {
  const { contract, fields, key } = shape;
  const readers = new Map(fields.map((field) => [field, writerField(writer, field.name, field.avro.aliases)]));
  const steps: PlanStep[] = [];
  for (const old of writer.fields) {
    const matches = fields.filter((field) => readers.get(field) === old);
    if (matches.length > 1) return null;
    const step = fieldStep(old.name, old.type, matches[0], contract.mode === 'patch');
    if (step === null) return null;
    steps.push(step);
  }
  for (const field of fields) {
    if (readers.get(field) !== undefined) continue;
    const step = defaultStep(field, contract.mode === 'patch');
    if (step === null) return null;
    steps.push(step);
  }
  const [only] = key;
  const kind = only?.column.type.kind;
  const whole = key.length === 1 && only !== undefined && (kind === 'bigint' || kind === 'integer');
  return {
    steps,
    patch: contract.mode === 'patch',
    key:
      key.length === 0
        ? null
        : {
            optional: contract.mode === 'append',
            wholeNumber: whole ? { position: only.position, wide: kind === 'bigint' } : null,
          },
  };
}

const NOTHING = {
  nullBranch: -1,
  nullAllowed: false,
  bounds: null,
  accepted: null,
  utf8: false,
  size: null,
  symbols: null,
  slots: null,
  milliseconds: false,
  words: null,
};

function fieldStep(label: string, type: AvroType, field: ShapeField | undefined, patch: boolean): PlanStep | null {
  if (
    type.kind === 'union' &&
    (type.branches.length !== 2 || !type.branches.some((branch) => branch.kind === 'null'))
  ) {
    return null;
  }
  const { type: old, nullBranch } = nonNull(type);
  const kind = stepKind(old, field);
  if (kind === null) return null;
  const base = { ...NOTHING, kind, label, nullBranch, ...ofWriter(old) };
  if (field === undefined) return { ...base, target: null, nullAllowed: true, utf8: old.kind === 'string' };
  const { check } = field;
  return {
    ...base,
    target: targetOf(field),
    nullAllowed: field.nullable && (patch || check?.required !== true),
    bounds: boundsOf(field),
    accepted: check?.acceptedValues?.map((value) => Buffer.from(comparable(value, check.exact === true))) ?? null,
    utf8: field.type.kind === 'string',
    slots: kind === 'symbol' ? symbolSlots(field) : null,
    milliseconds: 'logical' in field.type && field.type.logical?.name === 'timestamp-millis',
  };
}

function ofWriter(old: AvroType): { size: number | null; symbols: readonly string[] | null } {
  return { size: old.kind === 'fixed' ? old.size : null, symbols: old.kind === 'enum' ? old.symbols : null };
}

/** How a writer's type is read as the field's, or null. */
function stepKind(old: AvroType, field: ShapeField | undefined): PlanStep['kind'] | null {
  const { kind } = old;
  if (field === undefined) {
    if (kind === 'string' || kind === 'bytes' || kind === 'fixed') return 'text';
    if (kind === 'enum') return 'symbol';
    return kind === 'array' || kind === 'map' || kind === 'record' || kind === 'union' || kind === 'null' ? null : kind;
  }
  const column = field.column.type.kind;
  switch (field.type.kind) {
    case 'boolean':
    case 'float':
      return kind === field.type.kind ? kind : null;
    case 'int':
      return kind === 'int' ? 'int' : null;
    case 'long':
      return kind === 'long' || (kind === 'int' && column === 'bigint') ? kind : null;
    case 'double':
      return kind === 'int' || kind === 'long' || kind === 'float' || kind === 'double' ? kind : null;
    case 'string':
      return kind === 'string' || kind === 'bytes' ? 'text' : null;
    case 'bytes':
      return kind === 'bytes' ? (column === 'decimal' ? 'decimal' : 'text') : null;
    case 'fixed':
      return kind === 'fixed' && old.size === field.type.size ? (column === 'decimal' ? 'decimal' : 'text') : null;
    case 'enum':
      return kind === 'enum' && sameSymbols(old.symbols, field.type.symbols) ? 'symbol' : null;
    case 'array': {
      const { items } = field.type;
      const numbers = items.kind === 'float' || items.kind === 'double';
      return numbers && kind === 'array' && old.items.kind === items.kind ? 'numbers' : null;
    }
    default:
      return null;
  }
}

/** Symbols longer than a slot's 12 bytes are left to the exact way. */
function sameSymbols(old: readonly string[], now: readonly string[]): boolean {
  return old.length === now.length && old.every((symbol, i) => symbol === now[i] && symbol.length <= 12);
}

function targetOf({ position, column }: ShapeField): NonNullable<PlanStep['target']> {
  return { position, column: column.type.kind, width: new ColumnVector(column.type, new StringHeap(), 1).width };
}

function boundsOf({ column, check }: ShapeField): PlanStep['bounds'] {
  const { min, max } = check ?? {};
  if (column.type.kind !== 'decimal')
    return min === undefined && max === undefined ? null : { min: min ?? null, max: max ?? null };
  // Beyond 2^53 the decoder's arithmetic is not exact: that goes the exact way.
  const { precision, scale } = column.type;
  const limit = precision > 15 ? Number.MAX_SAFE_INTEGER : 10 ** precision - 1;
  const least = min === undefined ? -limit : Math.max(-limit, Number(unscaledBound(min, scale, 'min')));
  const most = max === undefined ? limit : Math.min(limit, Number(unscaledBound(max, scale, 'max')));
  return { min: least, max: most };
}

function symbolSlots(field: ShapeField): Int32Array {
  const { symbols } = field.type as Extract<AvroType, { kind: 'enum' }>;
  const scratch = new ColumnVector({ kind: 'varchar' }, new StringHeap(), symbols.length);
  symbols.forEach((symbol, i) => {
    scratch.setBytes(i, Buffer.from(symbol));
    if (!passes(field, symbol)) scratch.words[i * 4] = -1;
  });
  return scratch.words;
}

function defaultStep(field: ShapeField, patch: boolean): PlanStep | null {
  const target = targetOf(field);
  const given = field.avro.defaultValue;
  const base = { ...NOTHING, kind: 'default', label: `${field.name}, by default`, target } as const;
  if (given === null) return field.check?.required === true && !patch ? null : base;
  const simple = ['boolean', 'int', 'long', 'float', 'double', 'string', 'enum'].includes(field.type.kind);
  if (!simple || (typeof given === 'string' && Buffer.byteLength(given) > 12)) return null;
  const value = given as AvroValue;
  if (!passes(field, value)) return null;
  const scratch = new ColumnVector(field.column.type, new StringHeap(), 1);
  writeValue(scratch, 0, field.type, value, field.name);
  const words =
    target.width < 4 ? scratch.bytes.subarray(0, target.width) : scratch.words.subarray(0, target.width / 4);
  return { ...base, words: [...words] };
}

function passes(field: ShapeField, value: AvroValue): boolean {
  try {
    checkValue(field, value);
    return true;
  } catch {
    return false;
  }
}
