import { Command, Option } from 'commander';
import { COMMANDS, commandNames } from './command-table.ts';
import { packageVersion } from './package-version.ts';
import { addDbtFlags, addGlobalDbtFlags, takeDbtFlags } from './dbt-flags.ts';
import { invocationOf } from './invocation.ts';
import { projectFlags } from '../project/project-file.ts';
import { SETTINGS, type SettingDefinition } from '../core/setting-table.ts';

/**
 * The command line, not yet parsed; docs/cli.md is checked against it.
 *
 * @param args where they begin with a command's name, there is that command alone: loading all of them takes longer than most run
 */
export async function buildProgram(args: readonly string[] = []): Promise<Command> {
  const only = commandNames().find((name) => name === args[0]);
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
    for (const [name, load] of Object.entries(commands))
      if (only === undefined || name === only) inherit(program, await load());
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
