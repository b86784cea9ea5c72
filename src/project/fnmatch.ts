const compiled = new Map<string, RegExp>();

/**
 * Whether a text matches a pattern as Python's `fnmatch` reads it, which dbt uses for names and tags: `*` any characters, `?` one,
 * `[abc]` and `[a-z]` one of these, `[!abc]` none of these.
 */
export function fnmatch(text: string, pattern: string): boolean {
  let expression = compiled.get(pattern);
  if (expression === undefined) compiled.set(pattern, (expression = expressionOf(pattern)));
  return expression.test(text);
}

/** Whether a name is a pattern rather than a plain text. */
export function isPattern(name: string): boolean {
  return /[*?[\]]/.test(name);
}

function expressionOf(pattern: string): RegExp {
  let source = '';
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern[i] as string;
    // a `]` right behind the bracket belongs to the set
    const end = char === '[' ? pattern.indexOf(']', i + (pattern[i + 1] === '!' ? 3 : 2)) : -1;
    if (char === '*') source += '.*';
    else if (char === '?') source += '.';
    else if (end === -1) source += char.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
    else {
      const set = pattern.slice(i + 1, end).replaceAll(/[\\\]]/g, '\\$&');
      source += `[${set.startsWith('!') ? `^${set.slice(1)}` : set.replace(/^\^/, '\\^')}]`;
      i = end;
    }
  }
  return new RegExp(`^${source}$`, 's');
}

/**
 * Whether the path, or a folder around it, matches a pattern as Python's `Path.glob` reads it: `*`, `?` and `[]` within a
 * part, `**` any number of folders. The parts that matched, joined; null when none does.
 */
export function matchedPath(path: string, pattern: string): string | null {
  const parts = path.split('/');
  const wanted = pattern.split('/').filter((part) => part !== '' && part !== '.');
  for (let length = 0; length <= parts.length; length++) {
    if (matchesParts(parts.slice(0, length), wanted, length < parts.length)) return parts.slice(0, length).join('/');
  }
  return null;
}

/** @param folder whether the parts are those of a folder: `**` at the end stands for folders only */
function matchesParts(parts: readonly string[], wanted: readonly string[], folder: boolean): boolean {
  const [first, ...rest] = wanted;
  if (first === undefined) return parts.length === 0;
  if (first !== '**') {
    return parts.length > 0 && fnmatch(parts[0] as string, first) && matchesParts(parts.slice(1), rest, folder);
  }
  if (rest.length === 0) return folder;
  return parts.some((_, i) => matchesParts(parts.slice(i), rest, folder)) || matchesParts([], rest, folder);
}
