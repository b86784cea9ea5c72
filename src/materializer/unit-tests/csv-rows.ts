/**
 * The lines of a CSV text by the names in its first one (RFC 4180), as Python's `csv.DictReader` has them: empty lines are passed
 * over, and an empty value is null, as dbt wants it.
 */
export function csvRows(text: string): Record<string, string | null>[] {
  const [header, ...lines] = fieldsOf(text).filter((fields) => fields.length > 1 || fields[0] !== '');
  if (header === undefined) return [];
  return lines.map((fields) => Object.fromEntries(header.map((name, i) => [name, (fields[i] ?? '') || null])));
}

function fieldsOf(text: string): string[][] {
  const lines: string[][] = [[]];
  const field = /("(?:[^"]|"")*"|[^,\r\n]*)(,|\r\n|\n|\r|$)/gy;
  for (let found = field.exec(text); found !== null; found = field.exec(text)) {
    const [, value = '', end] = found;
    lines.at(-1)?.push(value.startsWith('"') ? value.slice(1, -1).replaceAll('""', '"') : value);
    if (end === '') break;
    if (end !== ',') lines.push([]);
  }
  return lines;
}
