import { withoutWidening } from './expressions.ts';
import type { Expr, Join, Rel } from './plan-tree.ts';

/** Unique keys of stored tables: for each a list of column lists. */
export type TableKeys = (table: string) => readonly (readonly string[])[];

/** A set of output columns that no two rows share; the empty set says that there is one row at most. */
export type UniqueKey = ReadonlySet<number>;

/** More than this of one relation are not carried on: joins multiply them. */
const MOST_KEYS = 12;

/** Unique keys of a tree's output, from those of the tables it reads. None found does not mean that there is none. */
export function uniqueKeys(rel: Rel, keysOf: TableKeys): UniqueKey[] {
  return minimal(found(rel, keysOf)).slice(0, MOST_KEYS);
}

function found(rel: Rel, keysOf: TableKeys): UniqueKey[] {
  switch (rel.op) {
    case 'get':
      return keysOf(rel.table)
        .filter((key) => key.every((column) => rel.columns.includes(column)))
        .map((key) => new Set(key.map((column) => rel.columns.indexOf(column))));
    case 'values':
      return rel.single ? [new Set()] : [];
    case 'project':
      return uniqueKeys(rel.input, keysOf).flatMap((key) => renamed(key, rel.exprs));
    case 'aggregate':
      return rel.sets.length === 1 ? [new Set(rel.keys.map((_, i) => i))] : [];
    case 'filter':
      return [...uniqueKeys(rel.input, keysOf), ...firstOfPartition(rel.input, rel.predicates)];
    case 'window':
    case 'order':
      return uniqueKeys(rel.input, keysOf);
    case 'distinct': {
      const own = rel.on === null ? [...Array(rel.width).keys()] : rel.on.map(columnOf);
      return [...uniqueKeys(rel.input, keysOf), ...(own.includes(-1) ? [] : [new Set(own)])];
    }
    case 'join':
      return ofJoin(rel, keysOf);
    case 'set':
      if (rel.kind === 'union') return rel.all ? [] : [new Set(Array(rel.width).keys())];
      return [...uniqueKeys(rel.inputs[0] as Rel, keysOf), ...(rel.all ? [] : [new Set(Array(rel.width).keys())])];
    case 'unnest':
      return [];
    case 'opaque':
      return rel.why === 'limit' ? uniqueKeys(rel.inputs[0] as Rel, keysOf) : [];
  }
}

/** A key of the input in the columns of a projection, when they carry all of it. */
function renamed(key: UniqueKey, exprs: readonly Expr[]): UniqueKey[] {
  const at = [...key].map((column) => exprs.findIndex((expr) => columnOf(expr) === column));
  return at.includes(-1) ? [] : [new Set(at)];
}

/** The column an expression is, widening casts aside; -1 for anything else. */
function columnOf(expr: Expr): number {
  const plain = withoutWidening(expr);
  return plain.kind === 'ref' ? plain.index : -1;
}

/** `row_number() over (partition by a) = 1` leaves one row per a. */
function firstOfPartition(rel: Rel, predicates: readonly Expr[]): UniqueKey[] {
  if (rel.op !== 'window') return [];
  return predicates.flatMap((predicate) => {
    if (predicate.kind !== 'call' || predicate.fn !== '=') return [];
    const [left, right] = predicate.args as [Expr, Expr];
    const constant = (expr: Expr): boolean => {
      const plain = withoutWidening(expr);
      return plain.kind === 'call' && plain.fn === 'constant';
    };
    const column = constant(right) ? columnOf(left) : constant(left) ? columnOf(right) : -1;
    const numbered = rel.functions[column - rel.input.width];
    if (numbered?.fn !== 'row_number') return [];
    const partitions = numbered.partitions.map(columnOf);
    return partitions.includes(-1) ? [] : [new Set(partitions)];
  });
}

function ofJoin(join: Join, keysOf: TableKeys): UniqueKey[] {
  const { kind, left, right } = join;
  const ofLeft = uniqueKeys(left, keysOf);
  if (kind === 'semi' || kind === 'anti' || kind === 'mark') return ofLeft;
  const ofRight = uniqueKeys(right, keysOf);
  const onRight = (key: UniqueKey): UniqueKey => new Set([...key].map((column) => column + left.width));
  const keys: UniqueKey[] = [];
  if (isLookup(join, ofRight) && kind !== 'full') keys.push(...ofLeft);
  if (kind === 'inner' && ofLeft.some((key) => isEquated(join, 'left', key))) keys.push(...ofRight.map(onRight));
  if (keys.length > 0) return keys;
  if (kind === 'full') return [];
  return ofLeft.flatMap((a) => ofRight.map((b) => new Set([...a, ...onRight(b)])));
}

/** Whether there is at most one row of the right side for each of the left. */
export function isLookup(join: Join, ofRight: readonly UniqueKey[]): boolean {
  return join.kind === 'single' || join.nearest || ofRight.some((key) => isEquated(join, 'right', key));
}

/** Whether all columns of a key of one side are equated with the other. */
function isEquated({ equalities }: Join, side: 'left' | 'right', key: UniqueKey): boolean {
  const columns = new Set(equalities.map((one) => columnOf(one[side])));
  return [...key].every((column) => columns.has(column));
}

/** Without keys that contain another. */
function minimal(keys: readonly UniqueKey[]): UniqueKey[] {
  const contains = (a: UniqueKey, b: UniqueKey): boolean => [...b].every((column) => a.has(column));
  const sorted = [...keys].sort((a, b) => a.size - b.size);
  return sorted.filter((key, i) => !sorted.slice(0, i).some((smaller) => contains(key, smaller)));
}
