import { Command, Option } from 'commander';
import { packageVersion } from './package-version.ts';
import { addDbtFlags, addGlobalDbtFlags, takeDbtFlags } from './dbt-flags.ts';
import { invocationOf } from './invocation.ts';
import { projectFlags } from '../project/project-file.ts';
import { SETTINGS, type SettingDefinition } from '../core/setting-table.ts';
import { applyCommand } from './commands/apply.ts';
import { buildCommand } from './commands/build.ts';
import { cleanCommand } from './commands/clean.ts';
import { compactCommand } from './commands/compact.ts';
import { compileCommand } from './commands/compile.ts';
import { consumeCommand } from './commands/consume.ts';
import { debugCommand } from './commands/debug.ts';
import { demoCommand } from './commands/demo.ts';
import { dlqCommand } from './commands/dlq.ts';
import { depsCommand, parseCommand } from './commands/parse.ts';
import { VERBS_NOT_RUN, verbNotRun } from './commands/verbs-not-run.ts';
import { editionsCommand } from './commands/editions.ts';
import { docsCommand } from './commands/docs.ts';
import { explainCommand } from './commands/explain.ts';
import { freshnessCommand, sourceCommand } from './commands/freshness.ts';
import { initCommand } from './commands/init.ts';
import { ingestCommand } from './commands/ingest.ts';
import { lagCommand } from './commands/lag.ts';
import { lsCommand } from './commands/ls.ts';
import { planCommand } from './commands/plan.ts';
import { produceCommand } from './commands/produce.ts';
import { queryCommand } from './commands/query.ts';
import { retryCommand } from './commands/retry.ts';
import { rollbackCommand } from './commands/rollback.ts';
import { runCommand } from './commands/run.ts';
import { runOperationCommand } from './commands/run-operation.ts';
import { showCommand } from './commands/show.ts';
import { seedCommand } from './commands/seed.ts';
import { startCommand } from './commands/start.ts';
import { statusCommand } from './commands/status.ts';
import { testCommand } from './commands/test.ts';
import { topicsCommand } from './commands/topics.ts';
import { verifyCommand } from './commands/verify.ts';
import { whyCommand } from './commands/why.ts';

/** The whole command line, not yet parsed; docs/cli.md is checked against it. */
export function buildProgram(): Command {
  const program = new Command('lens')
    .description('dbt models, kept current by Kafka: one process, one DuckDB file')
    .version(packageVersion(), '-v, --version', 'print the version')
    .helpOption('-h, --help', 'show help, of a command too')
    .configureHelp({ showGlobalOptions: true })
    .showSuggestionAfterError(true);
  for (const definition of SETTINGS) {
    if (definition.flag !== undefined) program.addOption(globalOption(definition, definition.flag));
  }
  addGlobalDbtFlags(program);
  program.option('--set <key=value>', 'any other setting of docs/settings.md; may be repeated', collected);
  for (const [heading, commands] of Object.entries(COMMANDS)) {
    program.commandsGroup(`${heading}:`);
    for (const command of commands) inherit(program, command());
  }
  for (const command of program.commands) {
    for (const verb of [command, ...command.commands]) if (isDbtVerb(verb)) addDbtFlags(verb, verb.name());
  }
  program.hook('preAction', (_, command) => {
    const { settings } = invocationOf(command);
    const flags = isDbtVerb(command) ? projectFlags(settings.projectDir) : {};
    for (const remark of takeDbtFlags(command, process.env, flags)) invocationOf(command).output.notice(remark);
  });
  program.addHelpText('after', EXAMPLES);
  return program;
}

/** Every command, as the help of `lens` groups them. */
const COMMANDS: Readonly<Record<string, readonly (() => Command)[]>> = {
  'Keep models current': [
    demoCommand,
    startCommand,
    runCommand,
    buildCommand,
    seedCommand,
    runOperationCommand,
    retryCommand,
    compactCommand,
  ],
  'Ask what is there': [
    queryCommand,
    showCommand,
    statusCommand,
    lagCommand,
    freshnessCommand,
    sourceCommand,
    explainCommand,
    whyCommand,
  ],
  'Prove it': [testCommand, verifyCommand],
  'Change it': [planCommand, applyCommand, rollbackCommand, editionsCommand],
  'The log': [topicsCommand, produceCommand, consumeCommand, dlqCommand, ingestCommand],
  'The project': [
    initCommand,
    lsCommand,
    compileCommand,
    parseCommand,
    docsCommand,
    depsCommand,
    debugCommand,
    cleanCommand,
  ],
  'Of dbt, and not run here': VERBS_NOT_RUN.map((verb) => () => verbNotRun(verb)),
};

const EXAMPLES = `
Examples:
  $ lens demo                                     the shipped project with a seeded sample, then live
  $ lens start --project-dir my-project           keep any dbt project current
  $ lens query 'select * from daily_metrics'      ask the warehouse, also while the service runs`;

const DBT_VERBS = new Set(
  [
    'run build test retry seed ls compile show docs.generate docs.serve debug clean freshness source.freshness parse deps init run-operation',
  ].flatMap((all) => all.split(' ')),
);

/** Whether a command is one of dbt's, and does something. */
function isDbtVerb(command: Command): boolean {
  const parent = command.parent?.parent === null ? '' : `${command.parent?.name()}.`;
  return command.commands.length === 0 && DBT_VERBS.has(`${parent}${command.name()}`);
}

function inherit(parent: Command, command: Command): void {
  command.copyInheritedSettings(parent).helpOption('-h, --help', 'show help');
  for (const sub of command.commands) sub.copyInheritedSettings(command).helpOption('-h, --help', 'show help');
  parent.addCommand(command);
}

function globalOption(definition: SettingDefinition, flag: string): Option {
  const standard = definition.default === undefined ? '' : `, default ${String(definition.default)}`;
  const option = new Option(
    definition.short === undefined ? flag : `${definition.short}, ${flag}`,
    `${definition.description} (${definition.env}${standard})`,
  );
  if (definition.type.kind === 'choice') option.choices(definition.type.choices);
  return option;
}

function collected(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}
