import { argumentsOf, identityOf } from './expressions.ts';
import type { Aggregate, Expr, Rel, Window, WindowCall } from './plan-tree.ts';
import { type TableKeys, uniqueKeys } from './unique-keys.ts';

/**
 * What is not exact about a column. `double`: sums of DOUBLE, whose last digits follow the order of addition. `order`: a
 * choice among rows that tie, which DuckDB makes as it happens to have them.
 */
export interface Caution {
  readonly kind: 'double' | 'order';
  /** For people: `sum of DOUBLE`, `row_number() where its ORDER BY ties`. */
  readonly what: string;
}

/** For each output column of a tree, what is not exact about it. Stored tables are taken as they are. */
export function cautionsOf(root: Rel, keysOf: TableKeys): Caution[][] {
  return new Search(keysOf).of(root).map((by) => [...by.values()]);
}

type Cautions = ReadonlyMap<string, Caution>;

class Search {
  readonly #keysOf: TableKeys;
  readonly #done = new Map<Rel, Cautions[]>();

  constructor(keysOf: TableKeys) {
    this.#keysOf = keysOf;
  }

  of(rel: Rel): Cautions[] {
    let found = this.#done.get(rel);
    if (found === undefined) this.#done.set(rel, (found = this.#columns(rel)));
    return found;
  }

  #columns(rel: Rel): Cautions[] {
    switch (rel.op) {
      case 'get':
      case 'values':
        return none(rel.width);
      case 'project':
        return rel.exprs.map((expr) => read([expr], this.of(rel.input)));
      case 'unnest':
        return [...this.of(rel.input), ...rel.exprs.map((expr) => read([expr], this.of(rel.input)))];
      case 'filter':
        // Which rows are there follows from what the condition reads.
        return withAll(this.of(rel.input), read(rel.predicates, this.of(rel.input)));
      case 'order':
        return this.of(rel.input);
      case 'distinct': {
        const input = this.of(rel.input);
        if (rel.on === null || this.#decides(rel.input, [...rel.on, ...rel.order])) return input;
        return withAll(input, only({ kind: 'order', what: 'distinct on where its ORDER BY ties' }));
      }
      case 'aggregate':
        return this.#aggregate(rel);
      case 'window':
        return this.#window(rel);
      case 'join': {
        const both = [...this.of(rel.left), ...this.of(rel.right)];
        const sides = rel.equalities.flatMap(({ left, right }) => [
          read([left], this.of(rel.left)),
          read([right], this.of(rel.right)),
        ]);
        const condition = merged([...sides, read(rel.residual, both)]);
        const columns = both.slice(0, rel.width);
        return withAll([...columns, ...none(rel.width - columns.length)], condition);
      }
      case 'set': {
        const branches = rel.inputs.map((input) => this.of(input));
        return Array.from({ length: rel.width }, (_, at) => merged(branches.map((one) => one[at] ?? new Map())));
      }
      case 'opaque': {
        const all = merged(rel.inputs.flatMap((input) => this.of(input)));
        const limit = only({ kind: 'order', what: 'limit where its ORDER BY ties' });
        return withAll(none(rel.width), rel.why === 'limit' ? merged([all, limit]) : all);
      }
    }
  }

  #aggregate(rel: Aggregate): Cautions[] {
    const input = this.of(rel.input);
    const keys = rel.keys.map((key) => read([key], input));
    const values = rel.aggregates.map((call) => {
      const own: Caution[] = addsDoubles(call.fn, call.args) ? [{ kind: 'double', what: `${call.fn} of DOUBLE` }] : [];
      const ordered = call.ordered || (TIED.has(call.fn) && call.order.length > 0);
      const arguments_ = /^(arg_?(min|max)|(min|max)_by)/.test(call.fn) ? call.args.slice(1) : call.order;
      const decided = this.#decides(rel.input, [...rel.keys, ...arguments_]) || sorted(call.args, call.order);
      if (ordered && !decided) own.push({ kind: 'order', what: `${call.fn}() where ${whereOf(call.fn, call.order)}` });
      return merged([read(argumentsOf(call), input), ...own.map(only)]);
    });
    return withAll([...keys, ...values], merged(keys));
  }

  #window(rel: Window): Cautions[] {
    const input = this.of(rel.input);
    const added = rel.functions.map((one) => {
      const own: Caution[] = [];
      if (addsDoubles(one.fn, one.args)) own.push({ kind: 'double', what: `${one.fn} of DOUBLE` });
      if (followsOrder(one) && !this.#decides(rel.input, [...one.partitions, ...one.orders])) {
        own.push({ kind: 'order', what: `${one.fn}() where ${whereOf(one.fn, one.orders)}` });
      }
      return merged([read([one.call], input), ...own.map(only)]);
    });
    return [...input, ...added];
  }

  /** Whether no two rows of a relation have the same values of all these. */
  #decides(rel: Rel, by: readonly Expr[]): boolean {
    const columns = new Set(by.flatMap((expr) => (expr.kind === 'ref' ? [expr.index] : [])));
    return uniqueKeys(rel, this.#keysOf).some((key) => [...key].every((column) => columns.has(column)));
  }
}

function whereOf(fn: string, order: readonly Expr[]): string {
  if (/^(arg_?(min|max)|(min|max)_by)/.test(fn)) return 'its rows tie';
  return order.length === 0 ? 'the order of rows is not told' : 'its ORDER BY ties';
}

/** An aggregate over values in the order of these very values: ties are alike. */
function sorted(args: readonly Expr[], order: readonly Expr[]): boolean {
  const by = new Set(order.map(identityOf));
  return (
    order.length > 0 && args.every((arg) => (arg.kind === 'call' ? arg.args.length === 0 : by.has(identityOf(arg))))
  );
}

/** With an ORDER BY of their own, which may tie. */
const TIED: ReadonlySet<string> = new Set(['string_agg', 'group_concat', 'listagg']);
const ADDING =
  /^(sum|avg|mean|favg|fsum|kahan_sum|sumkahan|sum_no_overflow|product|geomean|geometric_mean|sem|skewness|kurtosis(_pop)?|stddev(_pop|_samp)?|var(iance|_pop|_samp)|corr|covar_(pop|samp)|regr_\w+)$/;

function addsDoubles(fn: string, args: readonly Expr[]): boolean {
  return ADDING.test(fn) && args.some(({ type }) => type === 'DOUBLE' || type === 'FLOAT');
}

const BY_ROW =
  /^(row_number|ntile|lead|lag|first|first_value|last|last_value|nth_value|any_value|list|array_agg|string_agg)$/;

function followsOrder({ fn, byRows }: WindowCall): boolean {
  return BY_ROW.test(fn) || byRows;
}

function none(width: number): Cautions[] {
  return Array.from({ length: Math.max(0, width) }, () => new Map());
}

function only(caution: Caution): Cautions {
  return new Map([[`${caution.kind} ${caution.what}`, caution]]);
}

function merged(all: readonly Cautions[]): Cautions {
  return new Map(all.flatMap((one) => [...one]));
}

function withAll(columns: readonly Cautions[], more: Cautions): Cautions[] {
  return more.size === 0 ? [...columns] : columns.map((one) => merged([one, more]));
}

/** Of the columns that expressions read. */
function read(exprs: readonly Expr[], columns: readonly Cautions[]): Cautions {
  return merged(exprs.map((expr) => readBy(expr, columns)));
}

function readBy(expr: Expr, columns: readonly Cautions[]): Cautions {
  if (expr.kind === 'ref') return columns[expr.index] ?? new Map();
  const all = merged(expr.args.map((arg) => readBy(arg, columns)));
  // DuckDB makes list_sort(list(x)) of list(x order by x).
  if (!/^(list|array)_(reverse_)?sort$/.test(expr.fn)) return all;
  return new Map([...all].filter(([, { what }]) => !/^(list|array_agg)\(\)/.test(what)));
}
