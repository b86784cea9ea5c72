import { isAveraged } from '../average.ts';
import { type Branch, branchesOf } from './aggregate-branches.ts';
import { callsOf, inputsOf, operators, stabilityOf } from './expressions.ts';
import type { Aggregate, AggregateCall, Rel } from './plan-tree.ts';
import { textOf } from './text.ts';
import type { TableKeys } from './unique-keys.ts';

/** An aggregate that can be kept from the changes of its tables alone. */
export interface KeptAggregate {
  readonly aggregate: Aggregate;
  /** Its aggregates, written with few functions. */
  readonly calls: readonly AggregateCall[];
  readonly branches: readonly Branch[];
}

/**
 * The aggregates of a tree whose values follow exactly from their last values and the rows that left and came: plain
 * GROUP BY with keys over rows that follow their tables one by one, and counts, exact sums and averages, extremes, all of
 * distinct values too.
 */
export function keptAggregates(root: Rel, keysOf: TableKeys): KeptAggregate[] {
  const found: KeptAggregate[] = [];
  const visit = (rel: Rel): void => {
    const kept = rel.op === 'aggregate' ? keptAggregate(rel, keysOf) : null;
    if (kept !== null) found.push(kept);
    else inputsOf(rel).forEach(visit);
  };
  visit(root);
  return found;
}

function keptAggregate(rel: Aggregate, keysOf: TableKeys): KeptAggregate | null {
  if (rel.sets.length !== 1 || rel.keys.length === 0) return null;
  const calls = rel.aggregates.map(plain);
  if (!calls.every(isKept) || rel.keys.some((key) => textOf(key, String) === null)) return null;
  if (callsOf(rel).some((call) => call.stability !== 'stable')) return null;
  if (operators(rel).some((one) => one.op === 'get' && one.columns.includes('rowid'))) return null;
  const branches = branchesOf(rel.input, keysOf);
  return branches === null ? null : { aggregate: rel, calls, branches };
}

/**
 * The same value by fewer functions: of booleans, `min` is `bool_and`, and `count_if` is `sum` (DuckDB gives null where there is
 * none to count).
 */
function plain(call: AggregateCall): AggregateCall {
  const { fn, args } = call;
  if (fn === 'count_if' || fn === 'countif') return { ...call, fn: 'sum' };
  const extreme = fn === 'min' || fn === 'max';
  if (extreme && args[0]?.type === 'BOOLEAN') {
    return { ...call, fn: fn === 'min' ? 'bool_and' : 'bool_or', distinct: false };
  }
  return extreme || fn === 'bool_and' || fn === 'bool_or' ? { ...call, distinct: false } : call;
}

/** Exact in any order of addition: a sum of doubles is not. */
const EXACT = /^(U?(TINYINT|SMALLINT|INTEGER|BIGINT)|DECIMAL.*|BOOLEAN)$/;
/** Values whose order and equality are those of plain SQL, also as `least` and `greatest` have it. An interval's are not. */
const ORDERED =
  /^(U?(TINYINT|SMALLINT|INTEGER|BIGINT)|DECIMAL.*|HUGEINT|FLOAT|DOUBLE|DATE|TIME|TIMESTAMP.*|BOOLEAN|VARCHAR|UUID)$/;

function isKept(call: AggregateCall): boolean {
  const [arg, second] = call.args;
  if (second !== undefined || call.order.length > 0) return false;
  const exprs = [...call.args, ...(call.filter === null ? [] : [call.filter])];
  if (exprs.some((expr) => textOf(expr, String) === null || stabilityOf(expr) !== 'stable')) return false;
  if (call.fn === 'count_star') return !call.distinct;
  if (arg === undefined || (call.distinct && !ORDERED.test(arg.type))) return false;
  switch (call.fn) {
    case 'count':
    case 'bool_and':
    case 'bool_or':
      return true;
    case 'sum':
      return EXACT.test(arg.type);
    case 'avg':
      return isAveraged(arg.type);
    case 'min':
    case 'max':
      return ORDERED.test(arg.type);
    default:
      return false;
  }
}

/** The tree with other operators in place of some. */
export function replaced(root: Rel, by: ReadonlyMap<Rel, Rel>): Rel {
  const own = by.get(root);
  if (own !== undefined) return own;
  const again = (rel: Rel): Rel => replaced(rel, by);
  switch (root.op) {
    case 'get':
    case 'values':
      return root;
    case 'join':
      return { ...root, left: again(root.left), right: again(root.right) };
    case 'set':
    case 'opaque':
      return { ...root, inputs: root.inputs.map(again) };
    default:
      return { ...root, input: again(root.input) };
  }
}
