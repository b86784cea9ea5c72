import { DATE, type DraftField, isFieldName, recordName, TIMESTAMP } from './init-types.ts';
import { parseDate, parseTimestamp } from './time-text.ts';

export interface Draft {
  readonly fields: readonly DraftField[];
  /** What could not become a field, with the reason. */
  readonly left: readonly { readonly name: string; readonly why: string }[];
}

/** The fields of JSON objects, from the values of a sample. A field that is missing or null in one of them is nullable. */
export function fieldsOfJson(samples: readonly Readonly<Record<string, unknown>>[]): Draft {
  const names = new Set(samples.flatMap((sample) => Object.keys(sample)));
  const fields: DraftField[] = [];
  const left: { name: string; why: string }[] = [];
  for (const name of names) {
    const values = samples.map((sample) => sample[name]).filter((value) => value !== null && value !== undefined);
    const type = values.length === 0 ? null : typeOf(values, [name]);
    if (values.length === 0) {
      fields.push({
        name,
        type: 'string',
        nullable: true,
        doubts: [`${name} is a text: null in every record: its type is not known`],
      });
    } else if (type === null) left.push({ name, why: whyNot(values) });
    else fields.push({ name, type, nullable: values.length < samples.length, doubts: [] });
  }
  return { fields, left };
}

/** @param path the names down to it */
function typeOf(values: readonly unknown[], path: readonly string[]): unknown {
  const all = (has: (value: unknown) => boolean): boolean => values.every(has);
  if (all((value) => typeof value === 'boolean')) return 'boolean';
  if (all((value) => Number.isSafeInteger(value) || isLargeInteger(value))) {
    return values.some((value) => typeof value === 'number') ? 'long' : 'string';
  }
  if (all((value) => typeof value === 'number')) return 'double';
  if (all((value) => typeof value === 'string')) {
    const texts = values as readonly string[];
    if (texts.every((text) => /^\d{4}-\d\d-\d\d$/.test(text) && parseDate(text) !== null)) return DATE;
    if (texts.every((text) => /^\d{4}-\d\d-\d\d[T ]/.test(text) && parseTimestamp(text) !== null)) return TIMESTAMP;
    return 'string';
  }
  if (all(Array.isArray)) {
    const items = (values as readonly (readonly unknown[])[]).flat();
    const there = items.filter((item) => item !== null);
    const type = there.length === 0 ? 'string' : typeOf(there, path);
    return type === null ? null : { type: 'array', items: there.length < items.length ? ['null', type] : type };
  }
  if (all((value) => typeof value === 'object' && !Array.isArray(value))) {
    return recordOf(values as readonly Readonly<Record<string, unknown>>[], path);
  }
  return null;
}

/** Null where something in it has no type. */
function recordOf(values: readonly Readonly<Record<string, unknown>>[], path: readonly string[]): unknown {
  const names = [...new Set(values.flatMap((value) => Object.keys(value)))];
  if (names.length === 0 || !names.every(isFieldName)) return null;
  const fields = names.map((name) => {
    const there = values.map((value) => value[name]).filter((value) => value !== null && value !== undefined);
    const type = there.length === 0 ? 'string' : typeOf(there, [...path, name]);
    return type === null ? null : { name, type: ['null', type], default: null };
  });
  return fields.includes(null) ? null : { type: 'record', name: recordName(path), fields };
}

/** A whole number beyond 2^53, which json-values.ts gives as text. */
function isLargeInteger(value: unknown): boolean {
  return typeof value === 'string' && /^-?\d{16,19}$/.test(value);
}

function whyNot(values: readonly unknown[]): string {
  const kinds = new Set(values.map((value) => (Array.isArray(value) ? 'array' : typeof value)));
  return kinds.size > 1 ? `is sometimes ${[...kinds].join(', sometimes ')}` : `is an ${[...kinds][0]}`;
}
