/**
 * Why a model, or one of its inputs, is not kept by keys: all reasons there are, each with what would make it so (null where
 * nothing has to change). NAME stands for what the reason names. docs/upkeep.md has the same table.
 */
export const HINTS = {
  'an aggregate over all rows':
    'group by something that each record carries, or total a table that is grouped in a view',
  'the key is not among the grouped columns': 'make the inner aggregate a model of its own, and read that',
  'a window over all rows (no PARTITION BY)': 'partition it, or rank in a view over the model',
  limit: 'leave the limit to a view over the model',
  'distinct on': 'write qualify row_number() over (partition by ... order by ...) = 1',
  "the key comes from a left join's right side":
    'make the join a model of its own and aggregate that, or use an inner join',
  'the key comes from both sides of a join': "make the join a model of its own, or select one side's key as well",
  'a join without an equality': 'join by an equality as well, of a key or a date',
  'no lookup leads from the join to the key': 'make what is joined a model of its own, with the columns of the join',
  'no lookup leads from a window partition to the key':
    'keep the joined rows as a table, and put the window into a model that reads it',
  'a full join, not keyed by its coalesced columns': 'select coalesce(l.k, r.k) of the columns that are joined',
  'IN or EXISTS as a value: one null changes every row':
    'keep nulls out of it (where x is not null), or write not exists (select ... where r.k = l.k)',
  'the key is a condition': 'select a column that tells the rows apart',
  'the key is a constant': 'select a column that tells the rows apart',
  'the key is volatile': 'select a column that tells the rows apart',
  'the key is unnested': 'select a column of the row that the list is in as well',
  'the key is the result of a window': 'select a plain column that tells the rows apart as well',
  'its key is an expression that SQL cannot give back':
    'compute it in a model of its own, or select its plain columns as well',
  'NAME gives another value each time':
    'pass the time as a column of the event, or compute it in a view over the model; `+nondeterministic: allow` has it rebuilt at each compaction',
  'a rowid changes whenever its row is replaced': 'use a key or a time of the record',
  'its SELECT reads tables by names other than ref() and source()': 'name them by ref() and source()',
  'recursive CTE': 'write out the levels there can be as joins',
  'too many references to CTEs': 'make the expressions that are read often models of their own',
  'grouping()': 'write a union of one GROUP BY for each grouping set',
  'a projection map': 'split the SELECT into two models',
  'table function NAME': 'use unnest of a list',
  'NAME is not analysed': 'write it as joins, unions, windows and GROUP BY',
  'DuckDB gives no plan: NAME': 'write what it names in another way (a PIVOT as sums of CASE)',
  'rebuilt when NAME changes: NAME': null,
  'declared upkeep: compaction': null,
  'reads NAME, which is kept by compaction': null,
} as const satisfies Readonly<Record<string, string | null>>;

type Filled<Text extends string> = Text extends `${infer Before}NAME${infer After}`
  ? `${Before}${string}${Filled<After>}`
  : Text;

/** A text of the table above, with names filled in: another one does not compile. */
export type Reason = Filled<keyof typeof HINTS>;

const PATTERNS = Object.entries(HINTS).map(([text, hint]) => {
  const literal = text.split('NAME').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  return { pattern: new RegExp(`^${literal.join('(.+)')}$`, 's'), hint };
});

/** What would make it so, for each reason that a text holds (`a; b`, `rebuilt when x changes: a`); empty when nothing would. */
export function hintsOf(reason: string): string[] {
  const inner = /^rebuilt when .+? changes: (.+)$/s.exec(reason)?.[1];
  if (inner !== undefined) return hintsOf(inner);
  const found = PATTERNS.find(({ pattern }) => pattern.test(reason));
  if (found !== undefined) return found.hint === null ? [] : [found.hint];
  const parts = reason.split('; ');
  return parts.length === 1 ? [] : [...new Set(parts.flatMap(hintsOf))];
}

/** Several reasons as one text. */
export function allReasons(reasons: Iterable<Reason>): Reason {
  return [...new Set(reasons)].join('; ') as Reason;
}
