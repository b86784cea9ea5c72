/**
 * Functions whose value DuckDB fixes when it binds (so that no plan shows them), or says to be a function of their arguments,
 * and which are not: they follow the session, the release or the clock.
 */
const OTHERS: ReadonlySet<string> = new Set(
  `current_localtime current_localtimestamp current_setting current_query getvariable getenv version current_user current_role
  session_user user current_catalog current_time current_timestamp localtime localtimestamp`.split(/\s+/),
);
/** Those that may be written without brackets, as a column is. */
const WORDS: ReadonlySet<string> = new Set(
  `current_date current_time current_timestamp localtime localtimestamp current_user current_role session_user user
  current_catalog current_schema`.split(/\s+/),
);
const CLOCK: ReadonlySet<string> = new Set(
  `now() today() get_current_timestamp() get_current_time() transaction_timestamp() current_date() current_localtime()
  current_localtimestamp() current_date current_time current_timestamp localtime localtimestamp`.split(/\s+/),
);
/** Of calls that are bound by another name than they are written. */
const BOUND_NAMES: Readonly<Record<string, string>> = {
  current_time: 'get_current_time',
  current_timestamp: 'get_current_timestamp',
  localtime: 'current_localtime',
  localtimestamp: 'current_localtimestamp',
};
const CATALOG_SCHEMAS: ReadonlySet<string> = new Set(['information_schema', 'pg_catalog']);

type Node = Readonly<Record<string, unknown>>;

/** Whether what {@link nondeterministicCalls} tells of is the catalog: which relations there are, and their columns. */
export function readsCatalog(call: string): boolean {
  return CATALOG_SCHEMAS.has(call.split('.')[0] ?? '') || /^duckdb_(?:columns|schemas|tables|views)\(\)$/.test(call);
}

/** Whether it is the time, and nothing else. */
export function readsClock(call: string): boolean {
  return CLOCK.has(call);
}

export function isCatalogSchema(schema: string): boolean {
  return CATALOG_SCHEMAS.has(schema.toLowerCase());
}

/** Whether DuckDB's word on a function has to be corrected. */
export function isNondeterministic(fn: string): boolean {
  return OTHERS.has(fn) || /^(duckdb|pragma)_/.test(fn);
}

/** A function whose value follows from something else than the tables, as it is written: `now()`, `current_user`. */
export interface WrittenCall {
  readonly call: string;
  /** It stands in the list of a SELECT, and DuckDB's bound plan shows it: the plan tells whether anything reads its value. */
  readonly shown: boolean;
}

/** The name by which a bound plan shows a call. */
export function boundName(call: string): string {
  return BOUND_NAMES[call] ?? call.replace('()', '');
}

/**
 * What a parsed SELECT (json_serialize_sql) reads that is not a function of its tables alone: `now()`, `current_user`,
 * `information_schema.tables`.
 *
 * @param unstable by DuckDB's catalog
 * @param isColumn whether some table has a column of that name: `user` is one more often than not
 */
export function nondeterministicCalls(
  parsed: unknown,
  unstable: (fn: string) => boolean,
  isColumn: (name: string) => boolean,
): WrittenCall[] {
  const found = new Map<string, boolean>();
  const words = new Map<string, boolean>();
  const aliases = new Set<string>();
  const note = (calls: Map<string, boolean>, call: string, at: Place): void => {
    const fn = call.replace('()', '');
    const shown = readsClock(call) || (unstable(fn) && !isNondeterministic(fn));
    calls.set(call, at === 'list' && shown && (calls.get(call) ?? true));
  };
  const visit = (value: unknown, at: Place): void => {
    if (Array.isArray(value)) return value.forEach((one) => visit(one, at));
    if (typeof value !== 'object' || value === null) return;
    const node = value as Node;
    const call = callOf(node, unstable);
    if (call !== null) note(found, call, at);
    const word = wordOf(node);
    if (word !== null) note(words, word, at);
    for (const alias of aliasesOf(node)) if (alias !== word) aliases.add(alias);
    for (const [key, below] of Object.entries(node)) visit(below, placeOf(node, key, at));
  };
  visit(parsed, 'relation');
  const calls = [...found, ...[...words].filter(([word]) => !aliases.has(word) && !isColumn(word))];
  return calls.map(([call, shown]) => ({ call, shown }));
}

/**
 * Where in a parsed SELECT something stands: in the list of a SELECT; where relations are put together; and elsewhere, where it
 * may decide which rows there are, or be gone before DuckDB has a plan (arguments of table functions, VALUES).
 */
type Place = 'list' | 'relation' | 'elsewhere';

const BETWEEN_RELATIONS = new Set(
  'statements node cte_map map value query from_table subquery left right children child'.split(' '),
);

function placeOf(node: Node, key: string, at: Place): Place {
  if (at === 'elsewhere') return at;
  if (node['type'] === 'SELECT_NODE' && key === 'select_list') return 'list';
  if (at === 'list' && node['type'] !== 'SELECT_NODE') return at;
  return BETWEEN_RELATIONS.has(key) ? 'relation' : 'elsewhere';
}

function callOf(node: Node, unstable: (fn: string) => boolean): string | null {
  if (node['class'] === 'FUNCTION') {
    const fn = String(node['function_name']).toLowerCase();
    const toToday = fn === 'age' && (node['children'] as readonly unknown[] | undefined)?.length === 1;
    return toToday || unstable(fn) || isNondeterministic(fn) ? `${fn}()` : null;
  }
  const schema = typeof node['schema_name'] === 'string' ? node['schema_name'].toLowerCase() : '';
  if (node['type'] === 'BASE_TABLE' && CATALOG_SCHEMAS.has(schema)) return `${schema}.${String(node['table_name'])}`;
  return typeof node['sample'] === 'object' && node['sample'] !== null ? 'a sample' : null;
}

function wordOf(node: Node): string | null {
  const names = node['class'] === 'COLUMN_REF' ? (node['column_names'] as readonly string[]) : [];
  const [word] = names;
  return word !== undefined && names.length === 1 && WORDS.has(word.toLowerCase()) ? word.toLowerCase() : null;
}

/** Names that the SELECT itself gives to columns. */
function aliasesOf(node: Node): string[] {
  const listed = ['column_name_alias', 'aliases'].flatMap((key) => (Array.isArray(node[key]) ? node[key] : []));
  return [node['alias'], ...listed]
    .filter((alias) => typeof alias === 'string' && alias !== '')
    .map((alias) => String(alias).toLowerCase());
}
