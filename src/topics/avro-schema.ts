/**
 * Avro schemas (https://avro.apache.org/docs/1.12.0/specification/) as a tree that columns, the generated decoder, the
 * bounds check and the encoder are derived from. Names are resolved; a recursive schema gives a cyclic tree.
 */
export type AvroType =
  | { readonly kind: 'null' | 'boolean' | 'int' | 'long' | 'float' | 'double' | 'string'; readonly logical?: Logical }
  | { readonly kind: 'bytes'; readonly logical?: Logical }
  | { readonly kind: 'fixed'; readonly name: string; readonly size: number; readonly logical?: Logical }
  | { readonly kind: 'enum'; readonly name: string; readonly symbols: readonly string[] }
  | { readonly kind: 'array'; readonly items: AvroType }
  | { readonly kind: 'map'; readonly values: AvroType }
  | { readonly kind: 'union'; readonly branches: readonly AvroType[] }
  | { readonly kind: 'record'; readonly name: string; readonly fields: readonly AvroField[] };

export type AvroRecord = Extract<AvroType, { kind: 'record' }>;

export interface AvroField {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly type: AvroType;
  /** As in the schema's JSON; undefined when there is none. */
  readonly defaultValue: unknown;
}

/** Logical types that change what a column holds; others (uuid, ...) are their underlying type. */
export type Logical =
  | { readonly name: 'decimal'; readonly precision: number; readonly scale: number }
  | { readonly name: 'date' | 'timestamp-millis' | 'timestamp-micros' };

const PRIMITIVES = ['null', 'boolean', 'int', 'long', 'float', 'double', 'string', 'bytes'] as const;
type Primitive = (typeof PRIMITIVES)[number];

/** Parses a schema's JSON. Throws an Error with the field's path when it is none. */
export function parseAvroSchema(schema: unknown): AvroType {
  return parse(schema, '', new Map(), '');
}

type Names = Map<string, AvroType>;

function parse(schema: unknown, namespace: string, names: Names, path: string): AvroType {
  if (typeof schema === 'string') return named(schema, namespace, names, path);
  if (Array.isArray(schema)) {
    return { kind: 'union', branches: schema.map((branch) => parse(branch, namespace, names, path)) };
  }
  if (!isObject(schema)) throw invalid(path, `${JSON.stringify(schema)} is not an Avro type`);
  switch (schema['type']) {
    case 'array':
      return { kind: 'array', items: parse(schema['items'], namespace, names, `${path}[]`) };
    case 'map':
      return { kind: 'map', values: parse(schema['values'], namespace, names, `${path}{}`) };
    case 'record':
    case 'enum':
    case 'fixed':
      return parseNamed(schema, namespace, names, path);
    default: {
      if (!isPrimitive(schema['type'])) return parse(schema['type'], namespace, names, path);
      const logical = logicalOf(schema['type'], schema, path);
      return { kind: schema['type'], ...(logical === undefined ? {} : { logical }) };
    }
  }
}

function named(name: string, namespace: string, names: Names, path: string): AvroType {
  if (isPrimitive(name)) return { kind: name };
  const found = names.get(fullName(name, namespace)) ?? names.get(name);
  if (found === undefined) throw invalid(path, `unknown type "${name}"`);
  return found;
}

function parseNamed(schema: Record<string, unknown>, outer: string, names: Names, path: string): AvroType {
  const given = schema['name'];
  if (typeof given !== 'string' || given === '') throw invalid(path, `a ${String(schema['type'])} needs a name`);
  const name = fullName(given, typeof schema['namespace'] === 'string' ? schema['namespace'] : outer);
  const namespace = name.includes('.') ? name.slice(0, name.lastIndexOf('.')) : '';
  if (schema['type'] === 'enum') {
    const type: AvroType = { kind: 'enum', name, symbols: strings(schema['symbols'], path) };
    names.set(name, type);
    return type;
  }
  if (schema['type'] === 'fixed') {
    const size = schema['size'];
    if (!Number.isInteger(size) || (size as number) < 0) throw invalid(path, 'a fixed needs a size');
    const logical = logicalOf('fixed', schema, path);
    const type: AvroType = { kind: 'fixed', name, size: size as number, ...(logical === undefined ? {} : { logical }) };
    names.set(name, type);
    return type;
  }
  if (!Array.isArray(schema['fields'])) throw invalid(path, 'a record needs fields');
  const fields: AvroField[] = [];
  const type: AvroType = { kind: 'record', name, fields };
  names.set(name, type);
  for (const field of schema['fields'] as unknown[]) fields.push(parseField(field, namespace, names, path));
  return type;
}

function parseField(field: unknown, namespace: string, names: Names, path: string): AvroField {
  if (!isObject(field) || typeof field['name'] !== 'string') throw invalid(path, 'a field needs a name');
  const { name } = field;
  return {
    name,
    aliases: field['aliases'] === undefined ? [] : strings(field['aliases'], path),
    type: parse(field['type'], namespace, names, path === '' ? name : `${path}.${name}`),
    defaultValue: field['default'],
  };
}

function logicalOf(kind: string, schema: Record<string, unknown>, path: string): Logical | undefined {
  const name = schema['logicalType'];
  if (name === 'decimal' && (kind === 'bytes' || kind === 'fixed')) {
    const precision = schema['precision'];
    const scale = schema['scale'] ?? 0;
    if (!Number.isInteger(precision) || !Number.isInteger(scale))
      throw invalid(path, 'a decimal needs precision and scale');
    const [p, s] = [precision as number, scale as number];
    if (p < 1 || p > 38 || s < 0 || s > p) throw invalid(path, `decimal(${p},${s}) is not within decimal(38)`);
    return { name, precision: p, scale: s };
  }
  if (name === 'date' && kind === 'int') return { name };
  if ((name === 'timestamp-millis' || name === 'timestamp-micros') && kind === 'long') return { name };
  if (name === 'local-timestamp-millis' && kind === 'long') return { name: 'timestamp-millis' };
  if (name === 'local-timestamp-micros' && kind === 'long') return { name: 'timestamp-micros' };
  return undefined;
}

function fullName(name: string, namespace: string): string {
  return name.includes('.') || namespace === '' ? name : `${namespace}.${name}`;
}

function isPrimitive(name: unknown): name is Primitive {
  return (PRIMITIVES as readonly unknown[]).includes(name);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function strings(value: unknown, path: string): string[] {
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) {
    throw invalid(path, `${JSON.stringify(value)} is not a list of names`);
  }
  return value;
}

function invalid(path: string, problem: string): Error {
  return new Error(path === '' ? problem : `field ${path}: ${problem}`);
}
