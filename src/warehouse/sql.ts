/** An identifier in double quotes, as SQL wants it. */
export function ident(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Several identifiers, separated by commas; `prefix` is put before each, as in `t.`. */
export function idents(names: readonly string[], prefix = ''): string {
  return names.map((name) => prefix + ident(name)).join(', ');
}

/** A string literal. */
export function text(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

/** A relation by schema and name, quoted. */
export function qualified(schema: string, name: string): string {
  return `${ident(schema)}.${ident(name)}`;
}

/** `a.x is not distinct from b.x and ...` over the columns: equality in which null equals null. */
export function sameRow(left: string, right: string, columns: readonly string[]): string {
  return columns.map((c) => `${left}.${ident(c)} is not distinct from ${right}.${ident(c)}`).join(' and ');
}
