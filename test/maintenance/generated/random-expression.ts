import type { Draft, Kind, Part } from './draft.ts';

/** A condition over a part's row `alias`. */
export function condition(draft: Draft, part: Part, alias: string): string {
  const column = draft.column(part);
  const name = `${alias}.${column}`;
  const { tape } = draft;
  switch (part.columns[column] as Kind) {
    case 'int':
      return tape.pick([
        `${name} > 2`,
        `${name} in (1, 3)`,
        `${name} is not null`,
        `coalesce(${name}, 0) < 4`,
        `${name} % 2 = 0`,
        `${name} not in (2, 5)`,
        `${name} between 1 and 3`,
      ]);
    case 'amount':
      return tape.pick([`${name} >= 1.5`, `(${name} is null or ${name} < 3)`, `${name} not between 2 and 6`]);
    case 'number':
      return tape.pick([`${name} < 1.5`, `${name} is not null`]);
    case 'date':
      return tape.pick([
        `${name} > date '2026-01-02'`,
        `${name} is null`,
        `date_trunc('month', ${name}) = date '2026-01-01'`,
      ]);
    case 'time':
      return tape.pick([`${name} >= timestamp '2026-01-02'`, `cast(${name} as date) <> date '2026-01-03'`]);
    case 'flag':
      return tape.pick([name, `${name} is not true`, `not coalesce(${name}, false)`]);
    case 'text':
      return tape.pick([
        `${name} = 'x'`,
        `${name} <> 'y'`,
        `lower(${name}) like 'x%'`,
        `${name} is null`,
        `${name} ilike '%x%'`,
        `nullif(${name}, '') is not null`,
      ]);
  }
}

/** A value computed from one row, without alias in front of its columns. */
export function scalar(draft: Draft, part: Part): { sql: string; kind: Kind } {
  const column = draft.column(part);
  const { tape } = draft;
  const value = (kind: Kind, ...texts: readonly string[]): { sql: string; kind: Kind } => ({
    sql: tape.pick(texts),
    kind,
  });
  switch (part.columns[column] as Kind) {
    case 'int':
      return tape.pick([
        value('text', `case when ${column} > 2 then 'big' when ${column} is null then null else 'small' end`),
        value('int', `coalesce(${column}, 0)`, `abs(${column} - 3)`, `${column} // 2`, `cast(${column} as bigint)`),
        value('number', `${column} / 2`, `round(${column} / 4.0, 1)`),
        value('flag', `${column} > 1`, `${column} is null`),
      ]);
    case 'amount':
      return tape.pick([
        value('amount', `cast(${column} as decimal(12, 2))`, `coalesce(${column}, 0)`, `round(${column}, 1)`),
        value('int', `cast(${column} as integer)`, `cast(floor(${column}) as integer)`),
      ]);
    case 'number':
      return value('number', `coalesce(${column}, 0.5)`, `case when ${column} > 1 then ${column} end`);
    case 'date':
      return tape.pick([
        value('date', `cast(date_trunc('week', ${column}) as date)`, `${column} + 1`),
        value('text', `strftime(${column}, '%Y-W%W')`),
        value('int', `extract(day from ${column})`, `datediff('day', date '2026-01-01', ${column})`),
      ]);
    case 'time':
      return tape.pick([
        value('date', `cast(${column} as date)`),
        value('time', `date_trunc('hour', ${column})`, `${column} + interval 1 day`),
        value('int', `extract(hour from ${column})`),
      ]);
    case 'flag':
      return value('int', `case when ${column} then 1 else 0 end`, `cast(${column} as integer)`);
    case 'text':
      return tape.pick([
        value('text', `lower(trim(${column}))`, `coalesce(${column}, 'none')`, `${column} || '!'`, `md5(${column})`),
        value('int', `length(${column})`, `try_cast(${column} as integer)`, `len(string_split(${column}, ','))`),
        value('text', `split_part(${column}, ',', 1)`, `nullif(${column}, '')`, `replace(${column}, 'x', 'ü')`),
      ]);
  }
}
