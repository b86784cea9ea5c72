import { bind, stringArgument } from './jinja/arguments.ts';
import { text, Thing, tuple, UnsupportedError, fromJs, type Callable, type Value } from './jinja/values.ts';
import { type Answer, type Interview, WaitingQuestion } from './questions.ts';
import { liveAdapter, type LiveAdapter } from './live-adapter.ts';
import { columnThing } from './column-values.ts';
import { tableThing } from './table-values.ts';

/** What a template that asks needs to know. */
export interface AskingContext {
  /** Null while a template is parsed: nothing is asked then. */
  readonly interview: Interview | null;
  /** The relation of the project at a place; null when there is none. */
  readonly relationAt: (schema: string, identifier: string) => Value;
  /** SQL with dbt's names of relations replaced. */
  readonly inSql: (sql: string) => string;
  /** Whether its SQL may be another one each day. */
  readonly mayFollowClock: () => boolean;
  /** What templates print; nothing is printed without. */
  readonly print?: ((text: string) => unknown) | undefined;
}

/**
 * The names by which templates ask the warehouse: `run_query`, `statement`, `load_result`, and what `adapter` has of
 * relations. While templates are parsed they give what dbt's give then.
 */
export function warehouseNames(context: AskingContext): {
  readonly names: Readonly<Record<string, Value>>;
  readonly adapter: Readonly<Record<string, Value>>;
} {
  const results = new Map<string, Value>();
  const query = (sql: string): Value => {
    if (context.interview === null) return null;
    const answer = context.interview.ask({ kind: 'rows', sql: context.inSql(sql) }, (found) => {
      if ('clock' in found && found.clock !== undefined && !context.mayFollowClock())
        throw new UnsupportedError(`its SQL follows from a query that calls ${found.clock} (${ALLOWED})`, OF_CLOCK);
    });
    return tableThing(given(answer), context.print);
  };
  const live: Partial<LiveAdapter> = context.interview?.isLive === true ? liveAdapter(query) : {};
  const statement: Callable = ({ positional, named }) => {
    const [name, caller] = [positional[0] ?? named.get('name') ?? null, named.get('caller')];
    if (context.interview === null || typeof caller !== 'function') return '';
    const sql = text(caller({ positional: [], named: new Map() }));
    const table = query(sql);
    if (name !== null) results.set(text(name), resultOf(table));
    return '';
  };
  const relation = (value: Value): Value => {
    const place = placeOf(value);
    if (place === null) return null;
    const named = new Map<string, Value>(Object.entries(place));
    if (live.get_relation !== undefined) return live.get_relation({ positional: [], named });
    return context.relationAt(place.schema, place.identifier);
  };
  const columnsOf: Callable = ({ positional, named }) => {
    const place = placeOf(positional[0] ?? named.get('relation') ?? null);
    if (context.interview === null || place === null) return [];
    return given(context.interview.ask({ kind: 'columns', ...place })).columns.map(columnThing);
  };
  const relationOf: Callable = ({ positional, named }) =>
    context.interview === null ? null : relation(positional[0] ?? named.get('relation') ?? null);
  return {
    names: {
      run_query: ({ positional, named }) => query(text(positional[0] ?? named.get('sql') ?? '')),
      statement,
      load_result: ({ positional }) => results.get(stringArgument('load_result()', positional[0])) ?? null,
      load_relation: relationOf,
      load_cached_relation: relationOf,
    },
    adapter: {
      get_columns_in_relation: columnsOf,
      get_relation: (args) => {
        const { schema, identifier } = bind('adapter.get_relation', args, ['database', 'schema', 'identifier']);
        if (context.interview === null) return null;
        return context.relationAt(text(schema ?? ''), text(identifier ?? ''));
      },
      get_missing_columns: (args) => {
        const { from_relation: from = null, to_relation: to = null } = bind('adapter.get_missing_columns', args, [
          'from_relation',
          'to_relation',
        ]);
        const nameIn = (column: Value): Value =>
          column instanceof Thing ? (column.attributes.get('name') ?? null) : null;
        const [all, there] = [from, to].map((one) => columnsOf({ positional: [one], named: new Map() }) as Value[]);
        const known = new Set(there?.map(nameIn));
        return (all ?? []).filter((column) => !known.has(nameIn(column)));
      },
      check_schema_exists: (args) => {
        const { schema } = bind('adapter.check_schema_exists', args, ['database', 'schema']);
        const name = text(schema ?? '').replaceAll("'", "''");
        const found = query(`select 1 from information_schema.schemata where lower(schema_name) = lower('${name}')`);
        return found instanceof Thing && (found.items ?? []).length > 0;
      },
      ...live,
    },
  };
}

/** An answer that is one; else the rendering ends here. */
function given(answer: Answer): Exclude<Answer, { readonly refused: string } | { readonly waits: string }> {
  if ('refused' in answer) throw new UnsupportedError(answer.refused, REMEDY);
  // oxlint-disable-next-line typescript/only-throw-error -- a jump out of the rendering, not a failure
  if ('waits' in answer) throw new WaitingQuestion(answer.waits);
  return answer;
}

/** Of a model that is left out only the message is told. */
const ALLOWED = '`+nondeterministic: allow` would have it asked again on the interval of compactions';
const OF_CLOCK = '`+nondeterministic: allow` takes what it gives, and asks again on the interval of compactions';
const REMEDY = 'write what it gives into the model, or set it under vars:';

function placeOf(relation: Value): { readonly schema: string; readonly identifier: string } | null {
  if (!(relation instanceof Thing) || relation.kind !== 'relation') return null;
  const [schema, identifier] = [relation.attributes.get('schema'), relation.attributes.get('identifier')];
  return typeof schema === 'string' && typeof identifier === 'string' ? { schema, identifier } : null;
}

/** What `load_result` gives: `response`, `data` as lists of values, and the `table`. */
function resultOf(table: Value): Value {
  const rows = table instanceof Thing ? (table.items ?? []) : [];
  const data = rows.map((row) => (row instanceof Thing ? tuple(...(row.items ?? [])) : row));
  return new Map<Value, Value>([
    ['response', fromJs('OK')],
    ['data', data],
    ['table', table],
  ]);
}
