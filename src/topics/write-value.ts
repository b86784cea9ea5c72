import type { ColumnVector } from '../core/column-chunk.ts';
import type { AvroType } from './avro-schema.ts';
import type { AvroFields, AvroValue } from './avro-values.ts';
import { decimalText, unscaledOf } from './decimal-text.ts';
import { Rejection } from './dead-letter-reasons.ts';
import { nonNull } from './record-shape.ts';

/** DuckDB's finite dates and timestamps: beyond lie infinity and what cannot be shown. */
export const FIRST_DAY = -2_147_483_646;
export const LAST_DAY = 2_147_483_646;
const FIRST_MICROSECOND = -9_223_372_022_400_000_000n;
const LAST_MICROSECOND = 9_223_372_036_854_775_806n;

/**
 * Writes one value (not null) of a field's type to a row of its column, exactly. The reference for the generated
 * decoder. Throws a Rejection (out_of_range) when the column cannot hold it.
 */
export function writeValue(column: ColumnVector, row: number, type: AvroType, value: AvroValue, name: string): void {
  column.setValid(row);
  switch (type.kind) {
    case 'boolean':
      return column.setBoolean(row, value as boolean);
    case 'int':
      return column.setInt32(row, type.logical?.name === 'date' ? dayOf(value as number, name) : (value as number));
    case 'long':
      return column.setInt64(
        row,
        type.logical === undefined ? BigInt(value as number | bigint) : microsOf(type, value, name),
      );
    case 'float':
      return column.setFloat(row, Number(value));
    case 'double':
      return column.setDouble(row, Number(value));
    case 'string':
    case 'enum':
      return column.setBytes(row, Buffer.from(value as string));
    case 'bytes':
    case 'fixed':
      if (type.logical?.name === 'decimal') return column.setUnscaled(row, decimalOf(type, value as Uint8Array, name));
      return column.setBytes(row, typeof value === 'string' ? Buffer.from(value) : (value as Uint8Array));
    case 'array': {
      const items = value as AvroValue[];
      const first = column.setElements(row, items.length);
      const element = nonNull(type.items).type;
      items.forEach((item, i) => {
        if (item === null) column.child.setNull(first + i);
        else writeValue(column.child, first + i, element, item, name);
      });
      return;
    }
    case 'record':
      type.fields.forEach((field, i) => {
        const [part, item] = [column.parts[i] as ColumnVector, (value as AvroFields)[field.name] as AvroValue];
        if (item === null) part.setNull(row);
        else writeValue(part, row, nonNull(field.type).type, item, `${name}.${field.name}`);
      });
      return;
    default:
      throw new Rejection('undecodable', `field ${name}: ${type.kind} is not a column`);
  }
}

/** A timestamp of either unit in microseconds. */
export function microsOf(type: AvroType, value: AvroValue, name: string): bigint {
  const exact = BigInt(value as number | bigint);
  const micros = 'logical' in type && type.logical?.name === 'timestamp-millis' ? exact * 1000n : exact;
  if (micros < FIRST_MICROSECOND || micros > LAST_MICROSECOND) {
    throw new Rejection('out_of_range', `field ${name}: ${exact} is beyond the years of a timestamp`);
  }
  return micros;
}

function dayOf(days: number, name: string): number {
  if (days < FIRST_DAY || days > LAST_DAY) {
    throw new Rejection('out_of_range', `field ${name}: ${days} is beyond the years of a date`);
  }
  return days;
}

/** The unscaled number of a decimal, held against its precision. */
export function decimalOf(type: AvroType, bytes: Uint8Array, name: string): bigint {
  if (!('logical' in type) || type.logical?.name !== 'decimal')
    throw new Rejection('undecodable', `field ${name}: no decimal`);
  if (bytes.length === 0) throw new Rejection('undecodable', `field ${name}: a decimal without a byte`);
  const { precision, scale } = type.logical;
  const unscaled = unscaledOf(bytes);
  const bound = 10n ** BigInt(precision);
  if (unscaled >= bound || unscaled <= -bound) {
    const shown = bytes.length > 40 ? 'the value' : decimalText(unscaled, scale);
    throw new Rejection('out_of_range', `field ${name}: ${shown} does not fit decimal(${precision},${scale})`);
  }
  return unscaled;
}
