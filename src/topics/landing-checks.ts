import type { AvroValue } from './avro-values.ts';
import { unscaledBound } from './decimal-text.ts';
import { Rejection } from './dead-letter-reasons.ts';
import type { RecordShape, ShapeField } from './record-shape.ts';
import { decimalOf } from './write-value.ts';

/** A text as accepted values compare it: without white space around it (tabs and line ends too), in lower case. */
export function comparable(text: string, exact: boolean): string {
  return exact ? text : text.trim().toLowerCase();
}

/** Holds a record against its topic's checks and kinds. Throws a Rejection naming field, value and what was expected. */
export function checkRecord(shape: RecordShape, values: Readonly<Record<string, AvroValue>>): void {
  const { contract } = shape;
  const patch = contract.mode === 'patch';
  for (const field of shape.fields) {
    const value = values[field.name] as AvroValue;
    if (value !== null) checkValue(field, value);
    else if (!field.nullable)
      throw new Rejection('undecodable', `field ${field.name}: null, and its column is not nullable`);
    else if (field.check?.required === true && !patch) throw missing(field.name);
  }
  if (patch) checkKind(shape, values);
}

function checkKind({ contract }: RecordShape, values: Readonly<Record<string, AvroValue>>): void {
  const kindName = values[contract.key.at(-1) as string] as string;
  knownKind(contract.kinds, kindName);
  for (const kind of contract.kinds) {
    for (const name of kind.columns) {
      const there = values[name] !== null;
      if (kind.name === kindName && !there && contract.checks.get(name)?.required === true) throw missing(name);
      if (kind.name !== kindName && there) {
        throw new Rejection(
          'kind_mismatch',
          `field ${name}: it belongs to kind ${kind.name}, this is a record of kind ${kindName}`,
        );
      }
    }
  }
}

/** Throws a Rejection when the topic declares no kind of this name. */
export function knownKind(kinds: readonly { readonly name: string }[], name: string): void {
  if (kinds.some((kind) => kind.name === name)) return;
  throw new Rejection('unknown_kind', `kind ${show(name)} is none of ${kinds.map((kind) => kind.name).join(', ')}`);
}

/** Holds one value that is not null against the checks of its field. Throws a Rejection. */
export function checkValue({ name, type, check, column }: ShapeField, value: AvroValue): void {
  if (check === undefined) return;
  const { acceptedValues, min, max } = check;
  if (acceptedValues !== undefined) {
    const exact = check.exact === true;
    const text = comparable(value as string, exact);
    if (!acceptedValues.some((accepted) => comparable(accepted, exact) === text)) {
      throw failed(name, show(value), `is none of ${acceptedValues.join(', ')}`);
    }
  }
  if (column.type.kind === 'decimal') {
    const unscaled = decimalOf(type, value as Uint8Array, name);
    const { scale } = column.type;
    if (min !== undefined && unscaled < unscaledBound(min, scale, 'min'))
      throw failed(name, 'the value', `is below ${min}`);
    if (max !== undefined && unscaled > unscaledBound(max, scale, 'max'))
      throw failed(name, 'the value', `is above ${max}`);
  } else {
    // Written so that NaN, which is neither below nor above, fails.
    if (min !== undefined && !((value as number) >= min)) throw failed(name, show(value), `is not at least ${min}`);
    if (max !== undefined && !((value as number) <= max)) throw failed(name, show(value), `is not at most ${max}`);
  }
  if (check.length !== undefined) checkArray(name, value as AvroValue[], check.length);
}

function checkArray(name: string, items: AvroValue[], length: number): void {
  if (items.length !== length) throw failed(name, `an array of ${items.length}`, `must have ${length} elements`);
  const odd = items.findIndex((item) => item === null || (typeof item === 'number' && !Number.isFinite(item)));
  if (odd >= 0) throw failed(name, `element ${odd}`, `is ${items[odd] as number | null}, not a finite number`);
}

function failed(field: string, what: string, problem: string): Rejection {
  return new Rejection('check_failed', `field ${field}: ${what} ${problem}`);
}

function missing(field: string): Rejection {
  return new Rejection('check_failed', `field ${field}: it is required and null`);
}

/** @param value a text or a number: no other type has such a check */
function show(value: AvroValue): string {
  if (typeof value !== 'string') return `${value as number | bigint}`;
  return JSON.stringify(value.length > 100 ? `${value.slice(0, 100)}...` : value);
}
