import type { Draft, Kind, Part } from './draft.ts';
import { aggregate } from './random-aggregate.ts';
import { condition } from './random-expression.ts';

/** The other side of a join: a table, a common table expression again, an aggregate of one, or the part itself. */
function other(draft: Draft, part: Part): Part {
  if (draft.tape.chance(12)) return part;
  const base = draft.base();
  return draft.tape.chance(30) ? aggregate(draft, base) : base;
}

export function join(draft: Draft, part: Part): Part {
  const { tape } = draft;
  const right = other(draft, part);
  const pair = draft.comparable(part, right);
  if (pair === null) return part;
  const kind = tape.pick([
    'left join',
    'join',
    'left join',
    'full join',
    'right join',
    'join',
    'cross join',
    'lateral',
  ]);
  const [left, to] = [draft.from(part, 'l'), draft.from(right, 'r')];
  if (kind === 'lateral') return lateral(draft, part, right, pair, left, to);
  const second = tape.chance(20) ? draft.comparable(part, right) : null;
  const residual = tape.chance(15) ? ` and ${condition(draft, right, 'r')}` : '';
  const wrapped = (side: string, column: string): string =>
    part.columns[pair[0]] === 'int' && tape.chance(10) ? `coalesce(${side}.${column}, 0)` : `${side}.${column}`;
  const on = [
    `${wrapped('l', pair[0])} = ${wrapped('r', pair[1])}`,
    ...(second === null ? [] : [`l.${second[0]} = r.${second[1]}`]),
  ];
  const { list, columns } = bothSides(draft, part, right);
  if (kind === 'full join') {
    list.unshift(`coalesce(l.${pair[0]}, r.${pair[1]}) as j`);
    columns['j'] = part.columns[pair[0]] as Kind;
  }
  const how =
    kind === 'cross join'
      ? `cross join ${to} where ${on.join(' and ')}${residual}`
      : `${kind} ${to} on ${on.join(' and ')}${residual}`;
  return { sql: `select ${list.join(', ')} from ${left} ${how}`, columns, key: null };
}

function lateral(draft: Draft, part: Part, right: Part, [l, r]: [string, string], left: string, to: string): Part {
  const inner = `select cast(count(*) as integer) as n, max(r.${r}) as most from ${to} where r.${r} = l.${l}`;
  const { list, columns } = bothSides(draft, part, { sql: '', columns: {}, key: null });
  list.push('s.n as sn', 's.most as sm');
  const sql = `select ${list.join(', ')} from ${left}, lateral (${inner}) s`;
  return { sql, columns: { ...columns, sn: 'int', sm: right.columns[r] as Kind }, key: null };
}

function bothSides(draft: Draft, part: Part, right: Part): { list: string[]; columns: Record<string, Kind> } {
  const columns: Record<string, Kind> = {};
  const list: string[] = [];
  for (const [side, one] of [
    ['l', part],
    ['r', right],
  ] as const) {
    for (const name of draft.columns(one)) {
      if (list.length > 9) break;
      if (list.length > 2 && draft.tape.chance(15)) continue;
      columns[`${side}_${name}`] = one.columns[name] as Kind;
      list.push(`${side}.${name} as ${side}_${name}`);
    }
  }
  return { list, columns };
}

/** Rows by whether the other side has a match: in all the ways SQL says it. */
export function semiJoin(draft: Draft, part: Part): Part {
  const right = other(draft, part);
  const pair = draft.comparable(part, right);
  if (pair === null) return part;
  const [l, r] = pair;
  const left = draft.from(part, 'l');
  const to = draft.from(right, 'r');
  const more = draft.tape.chance(25) ? ` and ${condition(draft, right, 'r')}` : '';
  const inside = `l.${l} in (select r.${r} from ${to})`;
  const test = draft.tape.pick([
    `where ${inside}`,
    `where exists (select 1 from ${to} where r.${r} = l.${l}${more})`,
    `where not exists (select 1 from ${to} where r.${r} = l.${l}${more})`,
    `where l.${l} not in (select r.${r} from ${to})`,
    `where l.${l} not in (select r.${r} from ${to} where r.${r} is not null)`,
    `semi join ${to} on l.${l} = r.${r}${more}`,
    `anti join ${to} on l.${l} = r.${r}${more}`,
    `where ${inside} or ${condition(draft, part, 'l')}`,
  ]);
  return { ...part, sql: `select l.* from ${left} ${test}` };
}

/** A scalar subquery, or IN as a value, in one more column. */
export function subquery(draft: Draft, part: Part): Part {
  const right = draft.base();
  const pair = draft.comparable(part, right);
  if (pair === null) return part;
  const [l, r] = pair;
  const left = draft.from(part, 'l');
  const to = draft.from(right, 'r');
  const kind = part.columns[l] as Kind;
  const looked = draft.columns(right).at(-1) as string;
  const choices: { sql: string; kind: Kind }[] = [
    { sql: `(select max(r.${r}) from ${to} where r.${r} = l.${l})`, kind },
    { sql: `(select cast(count(*) as integer) from ${to} where r.${r} = l.${l})`, kind: 'int' },
    { sql: `(select min(r.${looked}) from ${to} where r.${r} = l.${l})`, kind: right.columns[looked] as Kind },
    { sql: `l.${l} in (select r.${r} from ${to})`, kind: 'flag' },
    { sql: `exists (select 1 from ${to} where r.${r} = l.${l})`, kind: 'flag' },
    { sql: `(select count(*) from ${to})`, kind: 'int' },
  ];
  // A lookup by a unique key gives one row at most.
  if (right.key?.length === 1 && right.key[0] === r) {
    choices.push({ sql: `(select r.${looked} from ${to} where r.${r} = l.${l})`, kind: right.columns[looked] as Kind });
  }
  const { sql, kind: type } = draft.tape.pick(choices);
  const name = draft.name('s');
  return { ...part, sql: `select l.*, ${sql} as ${name} from ${left}`, columns: { ...part.columns, [name]: type } };
}

/** UNION, EXCEPT, INTERSECT over the columns that both sides have a kind of. */
export function setOperation(draft: Draft, part: Part): Part {
  const right = draft.tape.chance(20) ? part : draft.base();
  const kinds: Kind[] = ['int', 'text', 'date', 'time', 'amount', 'number', 'flag'];
  const pairs = kinds.flatMap((kind): [string, string, Kind][] => {
    const l = draft.columnOf(part, kind);
    const r = draft.columnOf(right, kind);
    return l === null || r === null ? [] : [[l, r, kind]];
  });
  if (pairs.length === 0) return part;
  const operator = draft.tape.pick([
    'union all',
    'union all',
    'union',
    'except',
    'intersect',
    'except all',
    'intersect all',
  ]);
  const tagged = operator === 'union all' && draft.tape.chance(30);
  const columns: Record<string, Kind> = Object.fromEntries(pairs.map(([, , kind], i) => [`u${i}`, kind]));
  const side = (one: Part, at: 0 | 1): string => {
    const tag = tagged ? `, '${['left', 'right'][at]}' as side` : '';
    return `select ${pairs.map((pair, i) => `${pair[at]} as u${i}`).join(', ')}${tag} from ${draft.from(one, 'q')}`;
  };
  if (tagged) columns['side'] = 'text';
  const key = operator.endsWith('all') ? null : Object.keys(columns);
  return { sql: `${side(part, 0)} ${operator} ${side(right, 1)}`, columns, key };
}
