import { changeWords, upkeepWords } from '../materializer/changes/change-words.ts';
import type {
  ChangePlan,
  ColumnChange,
  DataDifference,
  Difference,
  ModelChange,
  RowExample,
  SeedChange,
} from '../materializer/changes/change-plan.ts';
import { count, counted, duration } from './numbers.ts';
import { firstLine, textTable } from './text-table.ts';

/** Whether opening the warehouse with the project, or applying it, changes anything. */
export function isEmpty({ models, hidden, rawTables, seeds }: ChangePlan): boolean {
  return models.length + hidden.length + rawTables.length + seeds.length === 0;
}

/** A plan for people: a line for each model and raw table, then what of each is another. */
export function changePlanText(plan: ChangePlan): string {
  const { models, hidden, rawTables, unchanged } = plan;
  if (isEmpty(plan)) {
    const nothing = `nothing to do: the warehouse is as the project asks for (${counted(unchanged.length, 'model')})`;
    return [nothing, ...leftOutLines(plan)].join('\n');
  }
  const sections = [summary(plan)];
  if (models.length > 0) sections.push(table(models));
  sections.push(...models.flatMap(detail));
  if (rawTables.length > 0)
    sections.push(rawTables.map(({ name, what, change }) => rawLine(name, what, change)).join('\n'));
  if (plan.seeds.length > 0) sections.push(plan.seeds.map(seedLine).join('\n'));
  if (leftOutLines(plan).length > 0) sections.push(leftOutLines(plan).join('\n'));
  if (hidden.length > 0) sections.push(`not selected: ${hidden.join(', ')}`);
  const expected = expectedLine(models);
  if (expected !== null) sections.push(expected);
  return sections.join('\n\n');
}

function leftOutLines({ leftOut, notLoaded }: ChangePlan): string[] {
  return [
    ...notLoaded.map((what) => `! ${what}`),
    ...leftOut.map(({ name, reason }) => `! ${name} is left out, and its table stays as it is: ${firstLine(reason)}`),
  ];
}

const MARKS: Readonly<Record<ModelChange['cause'], string>> = {
  new: '+',
  changed: '~',
  failed: '~',
  missing: '+',
  follows: '>',
  removed: '-',
};

function summary({ models, rawTables, seeds, unchanged, replay }: ChangePlan): string {
  const of = (...causes: ModelChange['cause'][]): number => models.filter(({ cause }) => causes.includes(cause)).length;
  const parts = [
    [of('new', 'missing'), 'to create'],
    [of('changed', 'failed'), 'to change'],
    [of('follows'), 'to build since what it reads changes'],
    [of('removed'), 'to drop'],
    [seeds.length, `${seeds.length === 1 ? 'seed' : 'seeds'} to load`],
    [rawTables.length, `raw ${rawTables.length === 1 ? 'table' : 'tables'} to change`],
    [unchanged.length, unchanged.length === 1 ? 'stays as it is' : 'stay as they are'],
  ] as const;
  const said = parts.filter(([n]) => n > 0).map(([n, what]) => `${count(n)} ${what}`);
  return `plan: ${said.join(', ')}${replay ? '; all topics are landed again' : ''}`;
}

function table(models: readonly ModelChange[]): string {
  const rows = models.map((change) => [
    `${MARKS[change.cause]} ${change.name}`,
    firstLine(changeWords(change)),
    change.kind === 'view'
      ? 'view'
      : change.rows === null
        ? change.cause === 'new'
          ? ''
          : 'none'
        : count(change.rows),
    timeOf(change),
  ]);
  return textTable(
    [{ name: 'MODEL' }, { name: 'WHY' }, { name: 'ROWS NOW', right: true }, { name: 'TIME', right: true }],
    rows,
  );
}

function timeOf({ kind, cause, milliseconds }: ModelChange): string {
  if (kind === 'view' || cause === 'removed') return '';
  return milliseconds === null ? 'unknown' : `~${duration(milliseconds)}`;
}

function detail(change: ModelChange): string[] {
  const lines = [...change.differences.flatMap(differenceLines), ...dataLines(change.data)];
  return lines.length === 0 ? [] : [[`${change.name}:`, ...lines.map((line) => `  ${line}`)].join('\n')];
}

function differenceLines(difference: Difference): string[] {
  switch (difference.part) {
    case 'sql':
      return difference.diff.split('\n');
    case 'config':
      return [`${difference.key}: ${difference.before ?? 'none'} -> ${difference.after ?? 'none'}`];
    case 'columns':
      return [
        difference.reordered
          ? 'columns: in another order'
          : `columns: ${difference.columns.map(columnText).join(', ')}`,
        ...(difference.refused === true
          ? ['  it will fail, since its on_schema_change is fail: lens run --full-refresh builds it with these columns']
          : []),
      ];
    case 'relation':
      return [`name in the warehouse: ${difference.before} -> ${difference.after}`];
    case 'upkeep':
      return [`upkeep: ${upkeepWords(difference.before)} -> ${upkeepWords(difference.after)}`];
    default:
      return ['what it was is not known, since an earlier release built it'];
  }
}

function columnText({ name, before, after }: ColumnChange): string {
  if (before === null) return `+ ${name} ${after ?? ''}`;
  return after === null ? `- ${name} ${before}` : `${name} ${before} -> ${after}`;
}

function rawLine(name: string, what: string, change: string): string {
  return change === 'new' ? `+ ${name}: ${what}` : `~ ${what}`;
}

function seedLine({ name, path, change }: SeedChange): string {
  const why = { new: 'is new', columns: 'has other columns', rows: 'changed' }[change];
  return `${change === 'new' ? '+' : '~'} seed ${name}: ${path} ${why}, and is loaded`;
}

function dataLines(data: DataDifference | null): string[] {
  if (data === null) return [];
  const { status, reason, key, rowsBefore, rowsAfter, added, removed, changed, columns, examples } = data;
  if (status === 'not compared') return [`rows: not compared, ${firstLine(reason ?? '')}`];
  const by = key.length === 0 ? '' : ` by ${key.join(', ')}`;
  const parts = [
    [added, 'added'],
    [removed, 'removed'],
    [changed, 'changed'],
  ] as const;
  const said = parts.filter(([n]) => n > 0).map(([n, what]) => `${count(n)} ${what}`);
  const what = said.length === 0 ? 'no difference' : said.join(', ');
  return [
    `rows: ${count(rowsBefore)} -> ${count(rowsAfter)}: ${what}${by}`,
    ...(reason === null ? [] : [`  ${firstLine(reason)}`]),
    ...columns.map(({ name, rows }) => `  ${name} differs in ${counted(rows, 'row')}`),
    ...examples.map((example) => `  ${exampleText(example)}`),
  ];
}

function exampleText({ kind, row, columns }: RowExample): string {
  const mark = { added: '+', removed: '-', changed: '~' }[kind];
  const changed = Object.entries(columns).map(
    ([name, [before, after]]) => `${name} ${JSON.stringify(before)} -> ${JSON.stringify(after)}`,
  );
  return [`${mark} ${JSON.stringify(row)}`, ...changed].join('  ');
}

/** Null where nothing is built. */
function expectedLine(models: readonly ModelChange[]): string | null {
  const built = models.filter(({ kind, cause }) => kind === 'table' && cause !== 'removed');
  if (built.length === 0) return null;
  const unknown = built.filter(({ milliseconds }) => milliseconds === null).map(({ name }) => name);
  const rows = built.reduce((sum, one) => sum + (one.rows ?? 0), 0);
  const time = built.reduce((sum, one) => sum + (one.milliseconds ?? 0), 0);
  const known = unknown.length === built.length ? 'unknown' : `~${duration(time)}`;
  const more = unknown.length === 0 || unknown.length === built.length ? '' : ` and that of ${unknown.join(', ')}`;
  return `to build: ${counted(built.length, 'table')} with ${counted(rows, 'row')} now; expected time, by what they have cost so far: ${known}${more}`;
}
