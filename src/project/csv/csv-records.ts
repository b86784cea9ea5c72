/** A record of a CSV file, and the line it begins at, counted from 1. */
export interface CsvRecord {
  readonly values: readonly string[];
  readonly line: number;
}

/**
 * The records of a CSV text by the rules of Python's `csv` module in its standard dialect, which dbt reads seeds by: a quote
 * counts at the start of a value only, two of them within quotes are one, and what stands after the closing quote belongs to the value. An
 * empty line is a record without values. Lines end with LF, CR, or both.
 */
export function* csvRecords(content: string, delimiter: string): Generator<CsvRecord> {
  const text = content.replaceAll(/\r\n?/g, '\n');
  let line = 1;
  let at = 0;
  while (at < text.length) {
    const first = line;
    const values: string[] = [];
    if (text[at] === '\n') {
      at++;
      line++;
      yield { values, line: first };
      continue;
    }
    for (;;) {
      let value = '';
      if (text[at] === '"') {
        at++;
        for (;;) {
          const end = text.indexOf('"', at);
          const part = text.slice(at, end < 0 ? text.length : end);
          value += part;
          line += part.split('\n').length - 1;
          at = end < 0 ? text.length : end + 1;
          if (end < 0 || text[at] !== '"') break;
          value += '"';
          at++;
        }
      }
      const from = at;
      while (at < text.length && text[at] !== '\n' && text[at] !== delimiter) at++;
      values.push(value + text.slice(from, at));
      if (text[at] !== delimiter) break;
      at++;
    }
    if (text[at] === '\n') {
      at++;
      line++;
    }
    yield { values, line: first };
  }
}
