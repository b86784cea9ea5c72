import type { Draft, Kind, Part } from './draft.ts';

/** Window functions, over one or two partitionings, all rows now and then. */
export function windows(draft: Draft, part: Part): Part {
  const source = draft.from(part, 'q');
  const count = draft.tape.chance(30) ? 2 : 1;
  const columns: Record<string, Kind> = { ...part.columns };
  const list: string[] = [];
  for (let i = 0; i < count; i++) {
    const { sql, kind } = one(draft, part);
    const name = draft.name('w');
    list.push(`${sql} as ${name}`);
    columns[name] = kind;
  }
  return { sql: `select *, ${list.join(', ')} from ${source}`, columns, key: part.key };
}

function one(draft: Draft, part: Part): { sql: string; kind: Kind } {
  const { tape } = draft;
  const by = [draft.column(part), ...(tape.chance(25) ? [draft.column(part)] : [])];
  const partition = tape.chance(92) || tape.below(2) === 0 ? `partition by ${[...new Set(by)].join(', ')} ` : '';
  const ordered = `${partition}order by ${draft.totalOrder(part)}`;
  const any = draft.column(part);
  const kind = part.columns[any] as Kind;
  const int = draft.columnOf(part, 'int');
  const frame = tape.pick(['rows unbounded preceding', 'rows between 1 preceding and 1 following']);
  return tape.pick<{ sql: string; kind: Kind }>([
    { sql: `cast(row_number() over (${ordered}) as integer)`, kind: 'int' },
    { sql: `count(*) over (${partition})`, kind: 'int' },
    { sql: `cast(dense_rank() over (${ordered}) as integer)`, kind: 'int' },
    { sql: `rank() over (${ordered})`, kind: 'int' },
    { sql: `lag(${any}) over (${ordered})`, kind },
    { sql: `lead(${any}, 1) over (${ordered})`, kind },
    { sql: `first_value(${any}) over (${ordered})`, kind },
    { sql: `max(${any}) over (${partition})`, kind },
    { sql: `cast(count(${any}) over (${ordered} ${frame}) as integer)`, kind: 'int' },
    ...(int === null
      ? []
      : [
          { sql: `cast(sum(${int}) over (${ordered} ${frame}) as integer)`, kind: 'int' as const },
          {
            sql: `cast(sum(${int}) filter (where ${any} is not null) over (${partition}) as integer)`,
            kind: 'int' as const,
          },
        ]),
  ]);
}

/** One row or two a partition, as dbt models keep the latest version. */
export function latest(draft: Draft, part: Part): Part {
  const { tape } = draft;
  const by = draft.column(part);
  const order = draft.totalOrder(part);
  const source = draft.from(part, 'q');
  if (tape.chance(10)) {
    return { ...part, sql: `select distinct on (${by}) * from ${source} order by ${by}, ${order}`, key: [by] };
  }
  const number = `row_number() over (partition by ${by} order by ${order})`;
  if (tape.chance(25)) {
    const name = draft.name('rn');
    const numbered = `select *, ${number} as ${name} from ${source}`;
    return { ...part, sql: `select * exclude (${name}) from (${numbered}) where ${name} = 1`, key: [by] };
  }
  if (tape.chance(20)) return { ...part, sql: `select * from ${source} qualify ${number} <= 2` };
  return { ...part, sql: `select * from ${source} qualify ${number} = 1`, key: [by] };
}
