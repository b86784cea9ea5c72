import { type Columns, Draft, type Kind, type Part, type Table } from './draft.ts';
import { aggregate } from './random-aggregate.ts';
import { condition, scalar } from './random-expression.ts';
import { join, semiJoin, setOperation, subquery } from './random-join.ts';
import { latest, windows } from './random-window.ts';
import type { Tape } from './tape.ts';

/**
 * A random SELECT of the kinds that dbt models are made of, over given tables, with columns c0, c1, ... Every result is
 * determined by its inputs: orders are total, added doubles are exact, and nothing asks the clock.
 */
export function randomSelect(tape: Tape, tables: readonly Table[]): Part {
  const draft = new Draft(tape, tables);
  let part = draft.base();
  const steps = tape.below(5);
  for (let i = 0; i < steps; i++) part = tape.pick(STEPS)(draft, part);
  const named = renamed(draft, part);
  return draft.ctes.length === 0 ? named : { ...named, sql: `with ${draft.ctes.join(',\n')}\n${named.sql}` };
}

type Step = (draft: Draft, part: Part) => Part;

const filter: Step = (draft, part) => {
  const source = draft.from(part, 'q');
  const more = draft.tape.chance(30) ? ` ${draft.tape.pick(['and', 'or'])} ${condition(draft, part, 'q')}` : '';
  return { ...part, sql: `select * from ${source} where ${condition(draft, part, 'q')}${more}` };
};

const distinct: Step = (draft, part) => ({
  ...part,
  sql: `select distinct * from ${draft.from(part, 'q')}`,
  key: part.key ?? Object.keys(part.columns),
});

const project: Step = (draft, part) => {
  const source = draft.from(part, 'q');
  const columns: Record<string, Kind> = {};
  const list: string[] = [];
  const add = (sql: string, kind: Kind): string => {
    const name = `p${list.length}`;
    list.push(`${sql} as ${name}`);
    columns[name] = kind;
    return name;
  };
  const renames = new Map<string, string>();
  for (const name of draft.tape.some(draft.columns(part), 70)) renames.set(name, add(name, part.columns[name] as Kind));
  const computed = scalar(draft, part);
  const alias = add(computed.sql, computed.kind);
  // A later expression may read an alias of the same SELECT.
  if (draft.tape.chance(25)) add(`coalesce(cast(${alias} as varchar), 'none')`, 'text');
  const kept = part.key !== null && part.key.every((name) => renames.has(name));
  const key = kept ? (part.key ?? []).map((name) => renames.get(name) as string) : null;
  return { sql: `select ${list.join(', ')} from ${source}`, columns, key };
};

/** One row for each element of a list. */
const unnested: Step = (draft, part) => {
  const ints = draft.columns(part, 'int').slice(0, 2);
  const text = draft.columnOf(part, 'text');
  if (ints.length === 0 && text === null) return part;
  const [list, kind]: [string, Kind] =
    ints.length > 0 && draft.tape.chance(50)
      ? [`[${ints.join(', ')}]`, 'int']
      : text === null
        ? ['[1, 2]', 'int']
        : [`string_split(${text}, ',')`, 'text'];
  const name = draft.name('e');
  const source = draft.from(part, 'q');
  return {
    sql: `select *, unnest(${list}) as ${name} from ${source}`,
    columns: { ...part.columns, [name]: kind },
    key: null,
  };
};

const limited: Step = (draft, part) => {
  if (!draft.tape.chance(20)) return filter(draft, part);
  return { ...part, sql: `select * from ${draft.from(part, 'q')} order by ${draft.totalOrder(part)} limit 3` };
};

/** The more often a step is wanted, the more often it stands here. The first is what shrinking leads to. */
const STEPS: readonly Step[] = [
  filter,
  project,
  project,
  aggregate,
  aggregate,
  aggregate,
  join,
  join,
  join,
  join,
  windows,
  windows,
  distinct,
  latest,
  setOperation,
  semiJoin,
  semiJoin,
  subquery,
  unnested,
  limited,
];

function renamed(draft: Draft, part: Part): Part {
  const names = draft.columns(part).slice(0, 10);
  const columns: Columns = Object.fromEntries(names.map((name, i) => [`c${i}`, part.columns[name] as Kind]));
  const at = part.key?.map((name) => names.indexOf(name)) ?? [-1];
  return {
    sql: `select ${names.map((name, i) => `q.${name} as c${i}`).join(', ')} from (${part.sql}) q`,
    columns,
    key: at.includes(-1) ? null : at.map((i) => `c${i}`),
  };
}
