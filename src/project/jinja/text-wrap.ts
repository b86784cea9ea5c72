/** How Python's textwrap.wrap breaks a text. */
export interface Wrapping {
  readonly width: number;
  readonly breakLongWords: boolean;
  readonly breakOnHyphens: boolean;
}

const SPACE = '[\\t\\n\\v\\f\\r ]';
const NO_SPACE = '[^\\t\\n\\v\\f\\r ]';
const LETTER = '[\\p{L}\\p{Nl}\\p{No}_]';
const PART_OF_WORD = '[\\p{L}\\p{N}_!"\'&.,?]';
const WORD = '[\\p{L}\\p{N}_]';

/** Where a line may end: white space, words, parts of words with hyphens, dashes between words (`TextWrapper.wordsep_re`). */
const WITH_HYPHENS = new RegExp(
  `(${SPACE}+|(?<=${PART_OF_WORD})-{2,}(?=${WORD})|${NO_SPACE}+?(?:` +
    `-(?:(?<=${LETTER}{2}-)|(?<=${LETTER}-${LETTER}-))(?=${LETTER}-?${LETTER})` +
    `|(?=${SPACE}|$)|(?<=${PART_OF_WORD})(?=-{2,}${WORD})))`,
  'u',
);
const BY_SPACE = new RegExp(`(${SPACE}+)`);

/**
 * Lines of at most so many characters, after `TextWrapper._wrap_chunks` of Python 3.11 with `expand_tabs` and `replace_whitespace` off, as
 * Jinja's filter calls it.
 */
export function wrappedLines(line: string, { width, breakLongWords, breakOnHyphens }: Wrapping): string[] {
  const chunks = line
    .split(breakOnHyphens ? WITH_HYPHENS : BY_SPACE)
    .filter(Boolean)
    .map((chunk) => Array.from(chunk))
    .toReversed();
  const isBlank = (chunk: readonly string[] | undefined): boolean =>
    chunk !== undefined && chunk.join('').trim() === '';
  const lines: string[] = [];
  while (chunks.length > 0) {
    const current: string[][] = [];
    let length = 0;
    if (lines.length > 0 && isBlank(chunks.at(-1))) chunks.pop();
    for (let next = chunks.at(-1); next !== undefined && length + next.length <= width; next = chunks.at(-1)) {
      current.push(next);
      length += next.length;
      chunks.pop();
    }
    const long = chunks.at(-1);
    if (long !== undefined && long.length > width) {
      if (breakLongWords) {
        const end = endOfPart(long, width < 1 ? 1 : width - length, breakOnHyphens);
        current.push(long.slice(0, end));
        chunks[chunks.length - 1] = long.slice(end);
      } else if (current.length === 0) {
        current.push(long);
        chunks.pop();
      }
    }
    if (isBlank(current.at(-1))) current.pop();
    if (current.length > 0) lines.push(current.flat().join(''));
  }
  return lines;
}

/** How much of a word that is too long fits; behind its last hyphen there where it has one. */
function endOfPart(chunk: readonly string[], room: number, breakOnHyphens: boolean): number {
  if (!breakOnHyphens || chunk.length <= room) return room;
  const hyphen = chunk.slice(0, Math.max(0, room)).lastIndexOf('-');
  return hyphen > 0 && chunk.slice(0, hyphen).some((char) => char !== '-') ? hyphen + 1 : room;
}
