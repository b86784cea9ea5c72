/** A field of a schema that is to be written. */
export interface DraftField {
  readonly name: string;
  /** The Avro type without null. */
  readonly type: unknown;
  readonly nullable: boolean;
  /** What about the type is to be looked at, sentences: `price is a text: ...`. */
  readonly doubts: readonly string[];
}

export const TIMESTAMP = { type: 'long', logicalType: 'timestamp-micros' };
export const DATE = { type: 'int', logicalType: 'date' };

/** Names that Avro takes for columns, by the column: its own, or words made of it. */
export function fieldNames(columns: readonly string[]): Map<string, string> {
  const names = new Map<string, string>();
  const taken = new Set(columns.filter(isFieldName).map((name) => name.toLowerCase()));
  for (const column of columns) {
    let name = isFieldName(column) ? column : words(column);
    for (let n = 2; name !== column && taken.has(name.toLowerCase()); n++) name = `${words(column)}_${n}`;
    taken.add(name.toLowerCase());
    names.set(column, name);
  }
  return names;
}

function words(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9_]/g, '_').replace(/^(?=\d|$)/, '_');
}

/** Whether Avro takes it as the name of a field. */
export function isFieldName(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name);
}

/**
 * The field of a column whose type is written as DuckDB, yml files and dbt's seeds do: `STRUCT(a INTEGER, b VARCHAR[])`. A type that
 * Avro has nothing for is a text, with a doubt, wherever it stands.
 */
export function fieldOfType(name: string, type: string | null, nullable: boolean): DraftField {
  const text = (why: string): DraftField => ({ name, type: 'string', nullable, doubts: [`${name} is a text: ${why}`] });
  if (type === null) return text('its type is not declared');
  const doubts: string[] = [];
  const found = new TypeReader(type, doubts).whole(name);
  return found === null ? text(`no Avro type for ${type}`) : { name, type: found, nullable, doubts };
}

/** Reads the text of a type from left to right. */
class TypeReader {
  readonly #text: string;
  readonly #doubts: string[];
  #at = 0;

  constructor(text: string, doubts: string[]) {
    this.#text = text.trim();
    this.#doubts = doubts;
  }

  /** The Avro type; null where the text as a whole has none. */
  whole(column: string): unknown {
    const type = this.#type([column]);
    return this.#at === this.#text.length ? type : null;
  }

  /** @param path the names down to it */
  #type(path: readonly string[]): unknown {
    const struct = this.#eat(/struct\s*\(/iy);
    let type = struct === null ? this.#plain(path) : this.#fields(path);
    while (this.#eat(/\s*\[\d*\]/y) !== null) {
      type = type === null ? null : { type: 'array', items: ['null', type] };
    }
    return type;
  }

  #fields(path: readonly string[]): unknown {
    const fields: unknown[] = [];
    do {
      const quoted = this.#eat(/\s*"(?:[^"]|"")+"\s+/y)
        ?.trim()
        .slice(1, -1)
        .replaceAll('""', '"');
      const name = quoted ?? this.#eat(/\s*[^\s",()]+\s+/y)?.trim();
      if (name === undefined || !isFieldName(name)) return null;
      const type = this.#type([...path, name]);
      if (type === null) return null;
      fields.push({ name, type: ['null', type], default: null });
    } while (this.#eat(/\s*,/y) !== null);
    return this.#eat(/\s*\)/y) === null ? null : { type: 'record', name: recordName(path), fields };
  }

  /** A type without fields and elements, with what it has in brackets. */
  #plain(path: readonly string[]): unknown {
    const written = this.#eat(/[^,()[\]]+(?:\((?:'(?:[^']|'')*'|[^()']|\([^()]*\))*\))?[^,()[\]]*/y)?.trim() ?? '';
    const plain = written.toLowerCase().replaceAll(/\s+/g, ' ');
    const [, precision, scale] = /^(?:decimal|numeric)\((\d+)(?:, ?(\d+))?\)$/.exec(plain) ?? [];
    if (precision !== undefined) return decimal(Number(precision), Number(scale ?? 0));
    const known = TYPES.find(([pattern]) => pattern.test(plain));
    if (known !== undefined) {
      const [, type, doubt] = known;
      if (doubt !== undefined) this.#doubts.push(`${path.join('.')} ${doubt}`);
      return type;
    }
    if (path.length === 1) return null;
    this.#doubts.push(`${path.join('.')} is a text: no Avro type for ${written}`);
    return 'string';
  }

  #eat(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? null;
    this.#at += found?.length ?? 0;
    return found;
  }
}

/** Of the Avro record that a column, or a field in it, holds. */
export function recordName(path: readonly string[]): string {
  return `${path.map(words).join('_')}_record`;
}

function decimal(precision: number, scale: number): unknown {
  return { type: 'bytes', logicalType: 'decimal', precision, scale };
}

/** Avro types by what DuckDB and others call them, with what is lost. */
const TYPES: readonly (readonly [RegExp, unknown, string?])[] = [
  [/^(integer|int|int4|smallint|tinyint|int2|int1|utinyint|usmallint|uint8|uint16)$/, 'int'],
  [/^(bigint|int8|long|uinteger|uint32)$/, 'long'],
  [/^(ubigint|uint64)$/, decimal(20, 0)],
  [/^(u?hugeint|u?int128)$/, decimal(38, 0)],
  [/^(float8|double|double precision)$/, 'double'],
  [/^(float|float4|real)$/, 'float'],
  [/^(boolean|bool)$/, 'boolean'],
  [/^date$/, DATE],
  [/^(timestamp|datetime|timestamp_s|timestamp_ms)( without time zone)?$/, TIMESTAMP],
  [/^timestamp_ns$/, TIMESTAMP, 'has whole microseconds, what is beyond them is cut off'],
  [/^(timestamptz|timestamp with time zone)$/, TIMESTAMP, 'is a TIMESTAMP in UTC: Avro has none with a time zone'],
  [/^(text|string|varchar|char|bpchar|uuid|enum)(\(.*\))?$/, 'string'],
  [/^json$/, 'string', 'is a text: functions of JSON take it, column.field does not'],
  [/^(blob|bytea|bytes|varbinary)$/, 'bytes'],
];
