import { isUtf8 } from 'node:buffer';
import { placeText, type RedriveResult } from '../materializer/dead-letters/dead-letter-contract.ts';
import type { LetterCount, LetterShown } from '../materializer/dead-letters/letter-reads.ts';
import type { DecodedRecord } from '../topics/record-json.ts';
import { count } from './numbers.ts';
import { firstLine, oneLine, textTable } from './text-table.ts';

/** Bytes of a line of a dump, and lines of a dump that are shown. */
const DUMP_BYTES = 16;
const DUMP_LINES = 64;

/** What to do about dead letters of a reason. */
const REMEDIES: Readonly<Record<string, string>> = {
  bad_magic: 'its producer does not write the wire format; --edit gives the record it should have been',
  unknown_schema: 'add the schema and its id under topics/, or name the registry, and redrive it',
  unreadable_schema: 'make the newest schema read this one (a default, an alias), and redrive it',
  check_failed: 'when the check in topic.yml is wrong, mend it and redrive; when the record is, redrive it with --edit',
  unknown_kind: 'declare the kind in topic.yml and redrive it, or redrive it with --edit',
};
const REMEDY = 'mend the contract under topics/ and redrive it, or redrive it with --edit';

/** The dead letters, below how many there are by topic and reason. */
export function letterListText(counts: readonly LetterCount[], letters: readonly LetterShown[]): string {
  const total = counts.reduce((sum, { letters: n }) => sum + n, 0);
  if (total === 0) return 'no dead letters';
  const summary = textTable(
    [{ name: 'TOPIC' }, { name: 'REASON' }, { name: 'LETTERS', right: true }, { name: 'OLDEST' }, { name: 'NEWEST' }],
    counts.map((one) => [one.topic, one.reasonCode, count(one.letters), one.oldest, one.newest]),
  );
  const rows = letters.map((letter) => [
    placeText(letter),
    letter.timestamp,
    letter.status,
    bytesInLine(letter.keyBase64),
    letter.reasonCode,
    firstLine(letter.reason),
  ]);
  const names = ['PLACE', 'TIME', 'STATUS', 'KEY', 'REASON', ''].map((name) => ({ name }));
  const more = total > letters.length ? [`and ${count(total - letters.length)} more; --limit shows them`] : [];
  return [summary, '', textTable(names, rows), ...more].join('\n');
}

/** Everything of one dead letter; `decoded` where its bytes have a meaning under some schema. */
export function letterText(letter: LetterShown, decoded: DecodedRecord | null): string {
  const { headers, redrive } = letter;
  const open = letter.status === 'open';
  const lines = [
    `${placeText(letter)}, ${letter.status}`,
    `time     ${letter.timestamp}, kept ${letter.landedAt}`,
    `reason   ${letter.reasonCode}: ${oneLine(letter.reason)}`,
    ...(open ? [`hint     ${REMEDIES[letter.reasonCode] ?? REMEDY}`] : []),
    `key      ${bytesInLine(letter.keyBase64) || 'none'}`,
    ...headers.map(({ key, valueBase64 }) => `header   ${oneLine(key)}: ${bytesInLine(valueBase64)}`),
    ...(decoded === null ? [] : [`decoded  ${JSON.stringify(decoded)}`]),
    ...dump('value', letter.valueBase64),
  ];
  if (redrive === null) return lines.join('\n');
  const { partition, offset } = redrive;
  const own = partition === letter.partition && offset === letter.offset;
  const edited = redrive.keyBase64 !== letter.keyBase64 || redrive.valueBase64 !== letter.valueBase64;
  return [
    ...lines,
    `counts   ${own ? 'at its own place' : `after ${letter.topic}/${partition}/${offset}`}, ${edited ? 'edited' : 'with its own bytes'}`,
    ...(edited ? [`key      ${bytesInLine(redrive.keyBase64) || 'none'}`, ...dump('value', redrive.valueBase64)] : []),
  ].join('\n');
}

/** A line a letter of what a redrive did, or would do. */
export function redriveText(results: readonly RedriveResult[], dryRun: boolean): string {
  const words = {
    redriven: dryRun ? 'would be redriven' : 'redriven',
    superseded: 'superseded: a newer record of its key was applied; --force applies it all the same',
    already: 'redriven before, nothing to do',
  };
  return results
    .map((one) => {
      const what =
        one.outcome === 'rejected' ? `rejected: ${one.reasonCode}: ${oneLine(one.reason ?? '')}` : words[one.outcome];
      return `${placeText(one)}  ${what}`;
    })
    .join('\n');
}

/** Bytes in a line: as text where they are one. */
function bytesInLine(base64: string | null): string {
  if (base64 === null) return '';
  const bytes = Buffer.from(base64, 'base64');
  return isUtf8(bytes) ? oneLine(bytes.toString()) : `0x${bytes.toString('hex')}`;
}

/** Bytes as `hexdump -C` prints them. */
function dump(name: string, base64: string | null): string[] {
  if (base64 === null) return [`${name}    none (a tombstone)`];
  const bytes = Buffer.from(base64, 'base64');
  const lines = [`${name}    ${count(bytes.length)} bytes`];
  for (let at = 0; at < bytes.length && lines.length <= DUMP_LINES; at += DUMP_BYTES) {
    const part = bytes.subarray(at, at + DUMP_BYTES);
    const hex = [...part].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const ascii = [...part].map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.')).join('');
    lines.push(`         ${at.toString(16).padStart(8, '0')}  ${hex.padEnd(DUMP_BYTES * 3 - 1)}  |${ascii}|`);
  }
  const shown = DUMP_LINES * DUMP_BYTES;
  if (bytes.length > shown)
    lines.push(`         and ${count(bytes.length - shown)} bytes more; --json has all of them`);
  return lines;
}
