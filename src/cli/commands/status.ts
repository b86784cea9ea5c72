import { Command } from 'commander';
import type { WarehouseStatus } from '../../materializer/operations.ts';
import { withWarehouseReads } from '../../service/hold-warehouse.ts';
import { noticePrinter } from '../event-printer.ts';
import { invocationOf } from '../invocation.ts';
import { count, counted } from '../numbers.ts';
import { firstLine, textTable } from '../text-table.ts';

/** `lens status [--json]`. */
export function statusCommand(): Command {
  return new Command('status')
    .description('what the warehouse holds and how far behind it is')
    .option('--json', 'the whole status as one JSON object')
    .addHelpText('after', '\nExamples:\n  $ lens status\n  $ lens status --json')
    .action(async (options: { json?: boolean }, command: Command) => {
      const { settings, output } = invocationOf(command);
      const status = await withWarehouseReads(settings, noticePrinter(output), (operations) => operations.status());
      const json = options.json === true || output.format === 'json';
      output.result(json ? JSON.stringify(status, null, options.json === true ? 2 : 0) : statusText(status));
    });
}

/** The status for people: a few lines, then raw tables and models. */
export function statusText(status: WarehouseStatus): string {
  const raw = status.rawTables.map((table) => [table.name, count(table.rows), table.topic]);
  const seeds = status.seeds.map(({ name, rows, path, changed, problem }) => [
    name,
    count(rows),
    path,
    problem !== null
      ? `cannot be loaded: ${firstLine(problem)}`
      : changed
        ? 'changed since it was loaded: lens seed loads it'
        : '',
  ]);
  const models = status.models.map((model) => [
    model.name,
    model.rows === null ? '' : count(model.rows),
    model.state,
    model.upkeep,
    model.strategy,
    firstLine(model.reason ?? ''),
  ]);
  const { lag } = status;
  const behind =
    lag === null
      ? `, the log does not answer: ${firstLine(status.logProblem ?? '')}`
      : lag > 0
        ? `, ${counted(lag, 'record')} behind`
        : '';
  // `4 records behind` says it
  const said = status.state === 'behind' && behind !== '' ? '' : `, ${status.state}`;
  return [
    `project    ${status.project}${said}${behind}${status.service ? ', service running' : ''}`,
    `log        ${status.log}`,
    `warehouse  ${status.warehouse}`,
    `records    ${count(status.recordsApplied)} applied, ${count(status.deadLetters)} dead letters`,
    `compacted  ${status.lastCompaction ?? 'not yet'}`,
    `edition    ${editionsText(status.editions)}`,
    '',
    textTable([{ name: 'RAW TABLE' }, { name: 'ROWS', right: true }, { name: 'TOPIC' }], raw),
    '',
    ...(seeds.length === 0
      ? []
      : [textTable([{ name: 'SEED' }, { name: 'ROWS', right: true }, { name: 'FILE' }, { name: '' }], seeds), '']),
    textTable(
      [
        { name: 'MODEL' },
        { name: 'ROWS', right: true },
        { name: 'STATE' },
        { name: 'KEPT BY' },
        { name: 'STRATEGY' },
        { name: 'REASON' },
      ],
      models,
    ),
    ...answerLines(status),
  ].join('\n');
}

/** What templates have asked for; nothing where none has. */
function answerLines({ answers, waiting }: WarehouseStatus): string[] {
  const rows = answers.map(({ template, reads, rows: n, since, newer }) => [
    template,
    reads.join(', ') || 'the clock',
    count(n),
    since === null ? 'not asked yet' : `${since.at}, ${counted(since.records, 'record')} applied`,
    firstLine(newer ?? ''),
  ]);
  const columns = [
    { name: 'TEMPLATE' },
    { name: 'ASKS' },
    { name: 'ROWS', right: true },
    { name: 'SINCE' },
    { name: 'NOT TAKEN' },
  ];
  return [
    ...(rows.length === 0 ? [] : ['', textTable(columns, rows)]),
    ...(waiting.length === 0 ? [] : ['', ...waiting.map(waitingLine)]),
  ];
}

function waitingLine({ name, reason, faulty }: WarehouseStatus['waiting'][number]): string {
  return `${name} ${faulty ? 'cannot be built' : 'waits'}: ${firstLine(reason)}`;
}

function editionsText({ live, previous, named }: WarehouseStatus['editions']): string {
  const before =
    previous === null ? '' : `; before it ${previous.number}, ${previous.builtBy}, until ${previous.liveUntil}`;
  const others = named.length === 0 ? '' : `; for reading: ${named.join(', ')}`;
  return `${live.number}, ${live.builtBy}, live since ${live.liveSince}${before}${others}`;
}
