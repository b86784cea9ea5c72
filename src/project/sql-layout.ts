/**
 * The same SQL without comments and with one space between its tokens: two texts that differ only in layout give one.
 * Literals, quoted names and dollar quotes stay as they are. A line break between two literals stays, since SQL joins those
 * into one.
 */
export function withoutLayout(sql: string): string {
  let result = '';
  let broke = false;
  for (const { 0: token, groups } of sql.matchAll(TOKENS)) {
    if (groups?.['gap'] !== undefined) {
      broke ||= token.includes('\n') || token.startsWith('--');
      continue;
    }
    if (result !== '') result += broke && result.endsWith("'") && token.startsWith("'") ? '\n' : ' ';
    result += token;
    broke = false;
  }
  return result;
}

/** The statements of a text, at the semicolons between them; what holds nothing but comments is none. */
export function statementsIn(sql: string): string[] {
  const statements: string[] = [];
  let statement = '';
  for (const [token] of sql.matchAll(TOKENS)) {
    if (token !== ';') statement += token;
    else {
      statements.push(statement);
      statement = '';
    }
  }
  return [...statements, statement].filter((one) => withoutLayout(one) !== '').map((one) => one.trim());
}

/** As DuckDB's scanner has them: block comments nest, `E'...'` has escapes, a dollar quote ends with its own tag. */
const TOKENS = new RegExp(
  [
    String.raw`(?<gap>\s+|--[^\n\r]*|${nestedComment(6)})`,
    String.raw`[eE]'(?:[^'\\]|''|\\[\s\S])*'`,
    // `x'61'` is no type with a literal, as `x '61'` would be
    `(?:[bBnNxX]|[uU]&)?'(?:[^']|'')*'`,
    `"(?:[^"]|"")*"`,
    String.raw`\$(?<tag>[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$[\s\S]*?\$\k<tag>\$`,
    String.raw`\.?\d[\w.]*`,
    String.raw`[\w$\u0080-\uffff]+`,
    // an operator ends where a comment begins
    String.raw`(?:(?!--|/\*)[-+*/<>=~!@#%^&|?:])+`,
    String.raw`[\s\S]`,
  ].join('|'),
  'g',
);

/** Comments in comments, to a depth that nobody writes. */
function nestedComment(depth: number): string {
  const inner = depth === 0 ? '' : `|${nestedComment(depth - 1)}`;
  return String.raw`/\*(?:(?!/\*|\*/)[\s\S]${inner})*\*/`;
}
