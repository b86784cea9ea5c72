import { type Command, Option } from 'commander';
import { LensError } from '../core/errors.ts';
import { DBT_FLAGS, type DbtFlag } from './dbt-flag-table.ts';

/** Flags of ours that are dbt's, and that a variable sets in dbt, too: DBT_ENGINE_NAME, else DBT_NAME. */
const BY_VARIABLE: ReadonlyMap<string, string> = new Map([
  ...`fail-fast warn-error warn-error-options write-json full-refresh state indirect-selection store-failures host
    clean-project-files-only defer favor-state empty sample event-time-start event-time-end debug use-colors version-check print`
    .split(/\s+/)
    .map((name) => [name, name.replaceAll('-', '_').toUpperCase()] as const),
  ['resource-type', 'RESOURCE_TYPES'],
  ['exclude-resource-type', 'EXCLUDE_RESOURCE_TYPES'],
]);

/** Those that `flags:` of dbt_project.yml may hold. */
const OF_PROJECT =
  'fail-fast warn-error warn-error-options write-json indirect-selection debug use-colors version-check'.split(' ');

/** Switches of commands of our own that have the other half in dbt. */
const HALVES = ['empty', 'fail-fast', 'write-json', 'browser', 'clean-project-files-only', 'compile'];

/** Gives a command of dbt's name the flags that it has in dbt and not here, hidden from its help. */
export function addDbtFlags(command: Command, name: string): void {
  const hidden = (flags: string, description: string): void => {
    const long = flags.slice(flags.indexOf('--')).split(' ')[0];
    if (command.options.some((option) => option.long === long)) return;
    command.addOption(new Option(flags, description).hideHelp());
  };
  for (const half of HALVES) {
    const own = command.options.find((option) => option.long === `--${half}` || option.long === `--no-${half}`);
    if (own !== undefined) hidden(own.negate ? `--${half}` : `--no-${half}`, own.description);
  }
  for (const flag of DBT_FLAGS) {
    if (flag.commands?.includes(name) === false || isOwn(command, flag)) continue;
    const long = `${flag.short === undefined ? '' : `-${flag.short}, `}--${flag.name}`;
    hidden(flag.value === undefined ? long : `${long} <${flag.value}>`, flag.why);
    if (flag.value === undefined && flag.oneWay !== true) hidden(`--no-${flag.name}`, flag.why);
  }
}

/** dbt's flags of every command that are about the whole process, hidden from the help. */
export function addGlobalDbtFlags(program: Command): void {
  for (const [flags, description] of [
    ['-d, --debug', "dbt's --log-level debug"],
    ['--no-debug', 'the default'],
    ['--no-quiet', 'the default'],
    ['--use-colors', 'colours also where there is no terminal'],
    ['--no-use-colors', 'no colours'],
    ['--version-check', 'the default'],
    ['--no-version-check', 'require-dbt-version is not looked at'],
  ] as const) {
    program.addOption(new Option(flags, description).hideHelp());
  }
}

/**
 * Takes what the environment says of dbt's flags, and refuses those that have no meaning here: USAGE. Gives what is to be said about flags
 * that are taken and have no effect. To be called before the command reads its flags.
 *
 * @param env variables; those that flags of the whole process stand for are set in it
 * @param ofProject `flags:` of dbt_project.yml, which variables go before
 */
export function takeDbtFlags(
  command: Command,
  env: Record<string, string | undefined>,
  ofProject: Readonly<Record<string, unknown>>,
): string[] {
  const program = programOf(command);
  for (const one of new Set([command, program])) {
    for (const option of one.options) takeElsewhere(one, option, env, ofProject);
  }
  const whole = program.opts<{ debug?: boolean; useColors?: boolean; versionCheck?: boolean }>();
  if (whole.debug === true && program.getOptionValueSource('logLevel') === undefined) {
    program.setOptionValueWithSource('logLevel', 'debug', 'implied');
  }
  if (whole.useColors !== undefined) {
    env['NO_COLOR'] = whole.useColors ? undefined : '1';
    env['FORCE_COLOR'] = whole.useColors ? '1' : undefined;
    for (const name of ['NO_COLOR', 'FORCE_COLOR']) if (env[name] === undefined) delete env[name];
  }
  if (whole.versionCheck !== undefined) env['DBT_VERSION_CHECK'] = String(whole.versionCheck);
  return DBT_FLAGS.flatMap((flag) => (isOwn(command, flag) ? [] : remarkOf(command, flag)));
}

/** Words of a command line with flags before the command, as dbt takes them, behind its name. */
export function withFlagsBehind(program: Command, args: readonly string[]): string[] {
  let at = 0;
  while (args[at]?.startsWith('-') === true && args[at] !== '--') {
    const word = args[at] as string;
    at += takesValue(program, word) ? 2 : 1;
  }
  let command = program;
  let end = at;
  for (let found; (found = commandOf(command, args[end])) !== undefined; end++) command = found;
  return [...args.slice(at, end), ...args.slice(0, at), ...args.slice(end)];
}

function commandOf(command: Command, word: string | undefined): Command | undefined {
  return command.commands.find((one) => one.name() === word || (word !== undefined && one.aliases().includes(word)));
}

/** Whether the next word is the value of a flag, of whichever command. */
function takesValue(program: Command, word: string): boolean {
  const all = [program, ...program.commands, ...program.commands.flatMap((one) => one.commands)];
  const option = all.flatMap((one) => one.options).find(({ long, short }) => word === long || word === short);
  return option?.required === true;
}

function programOf(command: Command): Command {
  return command.parent === null ? command : programOf(command.parent);
}

/** Whether the command has a flag of that name with a meaning. */
function isOwn(command: Command, { name }: DbtFlag): boolean {
  return command.options.some((option) => option.name() === name && !option.hidden);
}

function remarkOf(command: Command, { name, fate, why, instead, refusedValue = true, value }: DbtFlag): string[] {
  const option = command.options.find((one) => one.name() === name);
  if (option === undefined || fate === 'void') return [];
  const given: unknown = command.getOptionValue(option.attributeName());
  if (given === undefined || (value === undefined && given !== refusedValue)) return [];
  const flag = `--${refusedValue ? '' : 'no-'}${name}`;
  if (fate === 'refused') throw new LensError('USAGE', `${flag} has no meaning here: ${why}`, { hint: instead });
  const byVariable = command.getOptionValueSource(option.attributeName()) === 'env';
  return byVariable ? [] : [`${flag} has no effect: ${why}`];
}

function takeElsewhere(
  command: Command,
  option: Option,
  env: Readonly<Record<string, string | undefined>>,
  ofProject: Readonly<Record<string, unknown>>,
): void {
  const variable = BY_VARIABLE.get(option.name());
  const name = option.attributeName();
  const source = command.getOptionValueSource(name);
  if (variable === undefined || (source !== undefined && source !== 'default')) return;
  const key = [`DBT_ENGINE_${variable}`, `DBT_${variable}`].find((one) => (env[one] ?? '') !== '');
  if (key !== undefined) command.setOptionValueWithSource(name, valueOf(option, env[key] as string, key), 'env');
  else {
    const inFile = ofProject[variable.toLowerCase()];
    if (inFile === undefined || inFile === null || !OF_PROJECT.includes(option.name())) return;
    const text = typeof inFile === 'string' ? inFile : JSON.stringify(inFile);
    command.setOptionValueWithSource(name, valueOf(option, text, `flags.${variable.toLowerCase()}`), 'config');
  }
}

/** As the command line would give it. USAGE. */
function valueOf(option: Option, text: string, place: string): unknown {
  const invalid = (what: string): LensError =>
    new LensError('USAGE', `${place} must be ${what}, not ${JSON.stringify(text)}`, { place });
  if (!option.required) {
    if (/^(1|true|t|yes|y|on)$/i.test(text)) return true;
    if (/^(0|false|f|no|n|off)$/i.test(text)) return false;
    throw invalid('true or false');
  }
  const values = option.variadic ? text.trim().split(/\s+/) : [text];
  const choices = option.argChoices;
  const wrong = values.find((value) => choices?.includes(value) === false);
  if (wrong !== undefined) throw invalid(`one of ${choices?.join(', ')}`);
  return option.variadic ? values : text;
}
