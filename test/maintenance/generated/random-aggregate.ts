import type { Draft, Kind, Part } from './draft.ts';
import { condition, scalar } from './random-expression.ts';

/** GROUP BY some columns or expressions, now and then nothing, with ROLLUP or HAVING. */
export function aggregate(draft: Draft, part: Part): Part {
  const { tape } = draft;
  const source = draft.from(part, 'q');
  const grouped = tape.chance(92) || tape.below(2) === 0;
  const keys: { sql: string; kind: Kind }[] = [];
  if (grouped) {
    const names = [draft.column(part), ...(tape.chance(40) ? [draft.column(part)] : [])];
    for (const name of new Set(names)) keys.push({ sql: name, kind: part.columns[name] as Kind });
    if (tape.chance(20)) keys[0] = scalar(draft, part);
  }
  const columns: Record<string, Kind> = {};
  const list: string[] = [];
  const add = ({ sql, kind }: { sql: string; kind: Kind }, prefix: string): void => {
    const name = `${prefix}${list.length}`;
    list.push(`${sql} as ${name}`);
    columns[name] = kind;
  };
  for (const key of keys) add(key, 'g');
  const count = 1 + tape.below(3);
  for (let i = 0; i < count; i++) add(call(draft, part), 'a');
  const positions = keys.map((_, i) => i + 1).join(', ');
  const rollup = keys.length === 2 && tape.chance(8);
  const by =
    keys.length === 0 ? '' : rollup ? ` group by rollup (${positions})` : ` group by ${groupBy(draft, positions)}`;
  const having = grouped && tape.chance(20) ? ` having ${tape.pick(['count(*) > 1', 'count(*) < 3'])}` : '';
  const key = grouped && !rollup ? keys.map((_, i) => `g${i}`) : null;
  return { sql: `select ${list.join(', ')} from ${source}${by}${having}`, columns, key };
}

function groupBy(draft: Draft, positions: string): string {
  return draft.tape.chance(20) ? 'all' : positions;
}

/** One aggregate, with FILTER some of the time. */
function call(draft: Draft, part: Part): { sql: string; kind: Kind } {
  const { tape } = draft;
  const any = draft.column(part);
  const kind = part.columns[any] as Kind;
  const int = draft.columnOf(part, 'int');
  const amount = draft.columnOf(part, 'amount');
  const text = draft.columnOf(part, 'text');
  const number = draft.columnOf(part, 'number', 'int');
  const of = (kind: Kind, sql: string): { sql: string; kind: Kind } => ({ sql, kind });
  const filter = tape.chance(25) ? ` filter (where ${condition(draft, part, 'q')})` : '';
  const calls = [
    of('int', `cast(count(*)${filter} as integer)`),
    of('int', `count(${any})${filter}`),
    of('int', `cast(count(distinct ${any})${filter} as integer)`),
    of(kind, `min(${any})${filter}`),
    of(kind, `max(${any})${filter}`),
    of('flag', `bool_and(${any} is not null)${filter}`),
    of('flag', `bool_or(${condition(draft, part, 'q')})${filter}`),
    of('text', `cast(list(${any} order by ${any})${filter} as varchar)`),
    ...(int === null
      ? []
      : [
          of('int', `cast(sum(${int})${filter} as integer)`),
          of('int', `sum(${int})${filter}`),
          of('number', `avg(${int})${filter}`),
          of('int', `cast(10 * sum(${int}) // nullif(count(${int}), 0) as integer)`),
          of('int', `sum(case when ${int} > 2 then 1 else 0 end)`),
          of('int', `coalesce(sum(${int})${filter}, 0)`),
          of('int', `cast(sum(distinct ${int})${filter} as integer)`),
        ]),
    ...(amount === null
      ? []
      : [of('amount', `cast(sum(${amount})${filter} as decimal(12, 2))`), of('number', `avg(${amount})${filter}`)]),
    ...(text === null
      ? []
      : [
          of('text', `string_agg(${text}, ',' order by ${text})${filter}`),
          of('text', `string_agg(distinct ${text}, '|' order by ${text})${filter}`),
        ]),
    ...(number === null
      ? []
      : [of('number', `cast(sum(${number})${filter} as double)`), of('number', `median(${number})`)]),
  ];
  return tape.pick(calls);
}
