import type { WhyAnswer, WhyRecord, WhyRow, WhyTable } from '../materializer/lineage/why-contract.ts';
import { displayWidth } from './display-width.ts';
import { count, counted } from './numbers.ts';
import { firstLine, oneLine } from './text-table.ts';

/** Longer values are cut: a text, an embedding. */
const MOST_CHARACTERS = 60;

/** The rows asked for with their values, then what they follow from, indented along the graph down to the records. */
export function whyText({ table }: WhyAnswer): string {
  const lines = table.rows.flatMap((row) => {
    const others = Object.entries(row.row ?? {}).filter(([name]) => !(name in row.key));
    const values = others.length === 0 ? [] : [`  ${pairs(others)}`];
    return [`${table.name}  ${pairs(Object.entries(row.key))}`, ...values, ...places(row).map((place) => `  ${place}`)];
  });
  const below = [...more(table), ...notes(table), ...table.inputs.flatMap(tableLines)];
  return [...lines, ...below.map((line) => `  ${line}`)].join('\n');
}

function tableLines(table: WhyTable): string[] {
  const { name, total, whole, above, by } = table;
  if (whole !== null) return [`reads ${name} whole: all ${counted(total, 'row')} (${whole})`];
  const rows = total === 0 ? 'no row' : counted(total, 'row');
  const head = `${name}  ${rows} by ${by.join(' or ')}${above ? ', named above' : ''}`;
  const below = [...rowLines(table.rows), ...more(table), ...notes(table), ...table.inputs.flatMap(tableLines)];
  // What the rows follow from says nothing where there is none.
  return [head, ...(total === 0 ? [] : below.map((line) => `  ${line}`))];
}

/** Keys, with the places of their records in a column beside them. */
function rowLines(rows: readonly WhyRow[]): string[] {
  const keys = rows.map(({ key, copies = 1 }) => {
    return pairs(Object.entries(key)) + (copies === 1 ? '' : ` (${count(copies)} times)`);
  });
  const width = Math.max(0, ...keys.map(displayWidth));
  return rows.flatMap((row, i) => {
    const key = keys[i] as string;
    const space = ' '.repeat(width - displayWidth(key) + 2);
    const [first, ...others] = places(row);
    if (first === undefined) return [key];
    return [`${key}${space}${first}`, ...others.map((place) => `${' '.repeat(width + 2)}${place}`)];
  });
}

/** Where a raw row's records are: `orders[2]@1042  2026-11-20T10:00:00.000Z`. */
function places({ key, records = [], gone = [], lines = [] }: WhyRow): string[] {
  const lost = gone.filter((one) => one !== null);
  const copies = gone.length - lost.length;
  return [
    ...lines,
    ...records.map((record) => {
      const place = `${record.topic}[${record.partition}]@${record.offset}  ${record.timestamp ?? 'without a time'}`;
      return saysMore(record, key) ? `${place}  ${oneLine(record.key ?? '')}` : place;
    }),
    ...lost.map((one) => `${saysMore({ key: one }, key) ? `${oneLine(one)} ` : ''}no longer in the log`),
    ...(copies === 0 ? [] : [`${counted(copies, 'record')} no longer in the log`]),
  ];
}

/** Whether a message key is not just the row's: with the kind of a patch, or of a table without a key. */
function saysMore({ key }: Pick<WhyRecord, 'key'>, row: Readonly<Record<string, unknown>>): boolean {
  const values = Object.values(row).map(String);
  if (key === null) return false;
  if (values.length === 1) return key !== values[0];
  try {
    return (JSON.parse(key) as unknown[]).length !== values.length;
  } catch {
    return true;
  }
}

function more({ more: left }: WhyTable): string[] {
  return left > 0 ? [`... and ${count(left)} more (--limit)`] : [];
}

function notes({ problem, recordsBehind }: WhyTable): string[] {
  const lines = problem === null ? [] : [`not kept at the moment: ${firstLine(problem)}`];
  if (recordsBehind > 0) {
    lines.push(`${counted(recordsBehind, 'record')} behind: what it reads may be newer than its rows`);
  }
  return lines;
}

/** `session_id=12, user_id=3`. */
function pairs(entries: readonly (readonly [string, unknown])[]): string {
  return entries.map(([name, value]) => `${name}=${shown(value)}`).join(', ');
}

/** Texts are bare, unless they would not be seen for what they are. */
function shown(value: unknown): string {
  const bare = typeof value === 'string' && !/^$|^\s|\s$|[,="]|^null$/.test(value);
  const text = oneLine(bare ? value : JSON.stringify(value));
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}...` : text;
}
