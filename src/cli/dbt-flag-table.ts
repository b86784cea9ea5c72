/**
 * dbt's flags that a command of dbt's name takes although they have no meaning of their own here. Which those are was taken from `dbt COMMAND
 * --help` of dbt 1.11.16; docs/cli.md has them for users.
 */
export interface DbtFlag {
  /** Without dashes; most switches can be said with `no-` before them, too. */
  readonly name: string;
  readonly short?: string;
  /** What stands behind it; a switch has nothing. */
  readonly value?: string;
  /** A switch that cannot be said with `no-`. */
  readonly oneWay?: true;
  /** Commands it is for; all of dbt's names without. */
  readonly commands?: readonly string[];
  /**
   * `void`: what it is for is so anyway, or there is nothing that it could change. `said`: somebody may miss what it is for, so that a line says that it
   * has no effect. `refused`: whoever gives it expects other rows or files.
   */
  readonly fate: 'void' | 'said' | 'refused';
  readonly why: string;
  /** Of what is refused: what to use in its place. */
  readonly instead?: string;
  /** What is refused of a switch: the one with `no-` where this is false. */
  readonly refusedValue?: boolean;
}

const RUNS = ['run', 'build'];
const NO_FILE = 'there is no log file: lines go to standard output, what the service does to its standard error';
const NO_CACHE = 'there is no cache of relations';
const WHOLE = 'the project is read whole each time';
const ONE_PARSER = 'there is one parser of templates';
const NO_PERIODS = 'models are kept by the records that came, not by periods of event_time';

export const DBT_FLAGS: readonly DbtFlag[] = [
  { name: 'partial-parse', fate: 'void', why: WHOLE },
  { name: 'partial-parse-file-path', value: 'path', fate: 'void', why: WHOLE },
  { name: 'partial-parse-file-diff', fate: 'void', why: WHOLE },
  { name: 'populate-cache', fate: 'void', why: NO_CACHE },
  { name: 'cache-selected-only', fate: 'void', why: NO_CACHE },
  { name: 'log-cache-events', fate: 'void', why: NO_CACHE },
  { name: 'static-parser', fate: 'void', why: ONE_PARSER },
  { name: 'use-experimental-parser', fate: 'void', why: ONE_PARSER },
  { name: 'send-anonymous-usage-stats', fate: 'void', why: 'nothing is sent to anybody' },
  { name: 'use-fast-test-edges', fate: 'void', why: 'it changes nothing but the time' },
  { name: 'macro-debugging', fate: 'void', why: 'errors of templates name file and line' },
  { name: 'single-threaded', fate: 'void', why: 'nodes run one after another' },
  { name: 'threads', value: 'n', fate: 'void', why: 'nodes run one after another, each on the threads of DuckDB' },
  { name: 'show-all-deprecations', fate: 'void', why: 'what is old-fashioned in a project is a warning each' },
  { name: 'print', fate: 'void', why: 'print() says something in hooks and operations alone' },
  { name: 'printer-width', value: 'n', fate: 'void', why: 'lines are as wide as those of dbt without it' },
  { name: 'sqlparse', value: 'options', fate: 'void', why: 'compiled SQL is not parsed by sqlparse' },
  { name: 'fail-fast', short: 'x', fate: 'void', why: 'nothing is run one after another' },
  { name: 'warn-error', oneWay: true, fate: 'void', why: 'the command has no warnings' },
  { name: 'warn-error-options', value: 'yaml', fate: 'void', why: 'the command has no warnings' },
  { name: 'write-json', fate: 'void', why: 'the command has no artifacts, or no others' },
  { name: 'indirect-selection', value: 'mode', fate: 'void', why: 'no tests are selected' },
  { name: 'state', value: 'dir', fate: 'void', why: 'nothing is selected' },
  { name: 'target-path', value: 'dir', fate: 'void', why: 'nothing is written' },
  { name: 'log-path', value: 'dir', fate: 'said', why: NO_FILE },
  { name: 'log-level-file', value: 'level', fate: 'void', why: NO_FILE },
  { name: 'log-format-file', value: 'format', fate: 'void', why: NO_FILE },
  { name: 'log-file-max-bytes', value: 'n', fate: 'void', why: NO_FILE },
  { name: 'use-colors-file', fate: 'void', why: NO_FILE },
  {
    name: 'upload-to-artifacts-ingest-api',
    fate: 'said',
    why: 'nothing is sent to anybody; artifacts lie in the target folder',
  },
  {
    name: 'record-timing-info',
    short: 'r',
    value: 'path',
    fate: 'refused',
    why: 'there is no profile of Python functions',
    instead: 'lens explain and the table lens.model_costs tell what models cost',
  },
  {
    name: 'defer',
    fate: 'said',
    why: 'every model is in this warehouse, selected or not, so that nothing is deferred',
  },
  { name: 'defer-state', value: 'dir', fate: 'void', why: 'nothing is deferred' },
  {
    name: 'favor-state',
    fate: 'refused',
    why: 'models are made from the tables of this warehouse',
    instead: 'lens plan --diff compares with what is stored, lens query --edition asks another edition',
  },
  {
    name: 'empty',
    commands: ['compile'],
    fate: 'refused',
    why: 'compiled SQL reads tables as they are',
    instead: 'lens build --empty builds and tests models over no records',
  },
  {
    name: 'sample',
    value: 'period',
    commands: RUNS,
    fate: 'refused',
    why: NO_PERIODS,
    instead: 'lens run --full-refresh --edition NAME --to-time TIME builds models over a part of the log',
  },
  {
    name: 'event-time-start',
    value: 'time',
    commands: RUNS,
    fate: 'refused',
    why: NO_PERIODS,
    instead: 'lens run --full-refresh makes models anew',
  },
  {
    name: 'event-time-end',
    value: 'time',
    commands: RUNS,
    fate: 'refused',
    why: NO_PERIODS,
    instead: 'lens run --full-refresh --edition NAME --to-time TIME replays the log up to a time',
  },
  { name: 'export-saved-queries', commands: ['build'], fate: 'said', why: 'saved queries are not run' },
  { name: 'include-saved-query', commands: ['build'], fate: 'said', why: 'saved queries are not run' },
  { name: 'show', oneWay: true, commands: ['build'], fate: 'said', why: 'lens seed --show prints rows of seeds' },
  {
    name: 'full-refresh',
    oneWay: true,
    short: 'f',
    commands: ['compile', 'show'],
    fate: 'void',
    why: 'is_incremental() is always false',
  },
  { name: 'introspect', commands: ['compile', 'show'], fate: 'void', why: 'compiling asks no warehouse' },
  {
    name: 'inject-ephemeral-ctes',
    commands: ['compile'],
    fate: 'refused',
    refusedValue: false,
    why: 'ephemeral models are always put into their readers',
    instead: 'lens compile NAME prints the SQL of an ephemeral model alone',
  },
  {
    name: 'inline-direct',
    value: 'sql',
    commands: ['show'],
    fate: 'refused',
    why: 'SQL that is no template is not shown but asked',
    instead: 'lens query SQL --limit 5',
  },
  { name: 'connection', oneWay: true, commands: ['debug'], fate: 'void', why: 'everything is looked at' },
  { name: 'config-dir', oneWay: true, commands: ['debug'], fate: 'void', why: 'the project file is named anyway' },
];
