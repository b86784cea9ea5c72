import type { ReplayVerification, TableVerification, Verification } from '../materializer/verification/verification.ts';
import { count, counted } from './numbers.ts';
import { firstLine, textTable } from './text-table.ts';

/** What a verification found, for people: a line a table, a line a replay, then each difference with its keys. */
export function verificationText({ from, tables, replays, seed }: Verification): string {
  const lines: string[] = [];
  if (tables.length === 0) lines.push('nothing is stored of what is selected');
  else lines.push(tablesText(tables));
  const others = tables.filter(({ selected }) => !selected).map(({ name }) => name);
  if (others.length > 0)
    lines.push('', `not selected, but the selected models are made from them: ${others.join(', ')}`);
  for (const table of tables) if (table.status === 'different') lines.push('', ...differenceLines(table));
  if (from === 'log' && seed !== null) lines.push('', `replays in other ways, seed ${seed}:`);
  for (const replay of replays) lines.push(...replayLines(replay, seed));
  return lines.join('\n');
}

function tablesText(tables: readonly TableVerification[]): string {
  const rows = tables.map((table) => [
    table.name,
    table.status,
    table.status === 'not compared' ? '' : count(table.rows),
    firstLine(noteOf(table)),
  ]);
  return textTable([{ name: 'TABLE' }, { name: 'STATUS' }, { name: 'ROWS', right: true }, { name: 'NOTE' }], rows);
}

function noteOf({ status, reason, recordsBehind, nearlyEqual }: TableVerification): string {
  const notes = reason === null ? [] : [reason];
  if (status !== 'not compared' && recordsBehind > 0) {
    notes.push(`at its own checkpoint, ${counted(recordsBehind, 'record')} behind`);
  }
  if (nearlyEqual.length > 0) notes.push(`${nearlyEqual.join(', ')} compared to nine digits`);
  return notes.join('; ');
}

function differenceLines({ name, stored, expected, examples, reason }: TableVerification): string[] {
  const rows = `${counted(stored, 'row')} only stored, ${counted(expected, 'row')} only expected`;
  const what = stored + expected === 0 && reason !== null ? firstLine(reason) : rows;
  return [`${name}: ${what}`, ...examples.map(({ side, key }) => `  ${side} ${key}`)];
}

function replayLines(replay: ReplayVerification, seed: number | null): string[] {
  const { number, status, batches, bulkBatches, pieces, appendedAgain, deliveredAgain, restarts, compactions } = replay;
  const did = [
    `${counted(batches, 'batch', 'batches')} (${count(bulkBatches)} in bulk)`,
    `${counted(pieces, 'piece')} of partitions`,
    `${counted(appendedAgain + deliveredAgain, 'record')} again (${count(appendedAgain)} appended, ${count(deliveredAgain)} delivered)`,
    counted(restarts, 'restart'),
    counted(compactions, 'compaction'),
  ];
  const line = `replay ${number}: ${did.join(', ')}: ${status === 'equal' ? 'identical' : 'different'}`;
  if (status === 'equal') return [line];
  const plan = (replay.plan ?? []).map((step) => `    ${step}`);
  return [
    line,
    ...replay.tables.flatMap((table) => differenceLines(table).map((text) => `  ${text}`)),
    `  it did (--seed ${seed} does it again over the same records):`,
    ...plan,
  ];
}
