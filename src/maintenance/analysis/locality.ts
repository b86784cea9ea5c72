import { identityOf, inputsOf, isNullOfNulls, ref, refs, sameValue, shifted, stabilityOf } from './expressions.ts';
import type { Reason } from '../reasons.ts';
import { beyond, equalTo, isAmong, isColumn, lookupPath, type Step, through, trace, within } from './lookup-paths.ts';
import type { Expr, Get, Join, Rel, Window } from './plan-tree.ts';

/**
 * A set of values that restricts scans. The first one is that of the key itself; every other is reached from its parent
 * by a lookup: `step` holds rows that carry its values (`own`) and the parent's (`leadsTo`).
 */
export interface Domain {
  readonly id: number;
  readonly width: number;
  readonly parent: Domain | null;
  readonly step: Step;
}

/** One scan, restricted to rows whose `exprs` (over its columns) are in a domain. */
export interface Use {
  readonly get: Get;
  readonly domain: Domain;
  readonly exprs: readonly Expr[];
}

/** How rows of one key value follow from the rows of the scans. */
export interface Locality {
  /** Output columns that name the rows to redo together. */
  readonly key: readonly number[];
  readonly domains: readonly Domain[];
  readonly uses: readonly Use[];
  /** Scans that cannot be restricted: any change of theirs may touch any row. */
  readonly whole: ReadonlyMap<Get, Reason>;
}

/** Pushes "key in touched" from the output down to the scans. */
export function localityOf(root: Rel, key: readonly number[], types: readonly string[]): Locality {
  const search = new Search(key.length);
  search.visit(
    root,
    search.domains[0] as Domain,
    key.map((index) => ref(index, types[index] ?? '')),
    true,
  );
  const { domains, uses, whole } = search;
  return { key, domains, uses: uses.filter((use) => !whole.has(use.get)), whole };
}

class Search {
  readonly domains: Domain[];
  readonly uses: Use[] = [];
  readonly whole = new Map<Get, Reason>();

  constructor(width: number) {
    this.domains = [{ id: 0, width, parent: null, step: [] }];
  }

  /** @param nulls false when rows in which an expression is null do not matter, since a parent drops them */
  visit(rel: Rel, domain: Domain, exprs: readonly Expr[], nulls: boolean): void {
    if (exprs.some((expr) => refs(expr).size === 0)) return this.#whole(rel, 'the key is a constant');
    if (exprs.some((expr) => stabilityOf(expr) !== 'stable')) return this.#whole(rel, 'the key is volatile');
    switch (rel.op) {
      case 'get':
        this.uses.push({ get: rel, domain, exprs });
        return;
      case 'values':
        return;
      case 'project':
        return this.visit(rel.input, domain, through(exprs, rel.exprs), nulls);
      case 'filter':
      case 'order':
        return this.visit(rel.input, domain, exprs, nulls);
      case 'distinct':
        // Fails closed: such a model is rebuilt (analysed-model.ts).
        if (rel.on !== null) return this.#whole(rel, 'distinct on');
        return this.visit(rel.input, domain, exprs, nulls);
      case 'aggregate': {
        const shared = rel.keys.map((_, i) => i).filter((i) => rel.sets.every((set) => set.includes(i)));
        if (exprs.every((expr) => [...refs(expr)].every((index) => shared.includes(index)))) {
          return this.visit(rel.input, domain, through(exprs, rel.keys), nulls);
        }
        return this.#whole(
          rel,
          rel.keys.length === 0 ? 'an aggregate over all rows' : 'the key is not among the grouped columns',
        );
      }
      case 'window':
        return this.#window(rel, domain, exprs, nulls);
      case 'unnest':
        if (!within(exprs, rel.input.width)) return this.#whole(rel, 'the key is unnested');
        return this.visit(rel.input, domain, exprs, nulls);
      case 'set':
        rel.inputs.forEach((input) => this.visit(input, domain, exprs, nulls));
        return;
      case 'join':
        return this.#join(rel, domain, exprs, nulls);
      case 'opaque':
        return this.#whole(rel, rel.why);
    }
  }

  #whole(rel: Rel, why: Reason): void {
    if (rel.op === 'get') this.whole.set(rel, why);
    else for (const input of inputsOf(rel)) this.#whole(input, why);
  }

  #domain(parent: Domain, width: number, step: Step): Domain {
    const domain = { id: this.domains.length, width, parent, step };
    this.domains.push(domain);
    return domain;
  }

  #window(rel: Window, domain: Domain, exprs: readonly Expr[], nulls: boolean): void {
    const { input, functions } = rel;
    if (functions.some(({ partitions }) => partitions.length === 0)) {
      return this.#whole(rel, 'a window over all rows (no PARTITION BY)');
    }
    if (!within(exprs, input.width)) return this.#whole(rel, 'the key is the result of a window');
    const others = new Map<string, readonly Expr[]>();
    for (const { partitions } of functions) {
      const inside = (expr: Expr): boolean =>
        partitions.some((one) => sameValue(expr, one)) ||
        [...refs(expr)].every((index) => isAmong(ref(index, ''), partitions));
      if (!exprs.every(inside)) others.set(partitions.map(identityOf).join(), partitions);
    }
    // A change reaches all rows of its partition, whatever their keys; and those need whole partitions to be redone.
    for (const partitions of others.values()) {
      if (!this.#byPartition(input, partitions, domain, exprs)) return;
    }
    this.visit(input, domain, exprs, nulls);
  }

  /** A partition of the same rows as a domain of its own, whose rows lead to the key. False when no lookup does. */
  #byPartition(input: Rel, partition: readonly Expr[], domain: Domain, exprs: readonly Expr[]): boolean {
    const rows = trace(input, [...partition, ...exprs], true);
    if (rows === null) {
      this.#whole(input, 'no lookup leads from a window partition to the key');
      return false;
    }
    const width = partition.length;
    const step = rows.map(({ get, exprs: all }) => ({ get, own: all.slice(0, width), leadsTo: all.slice(width) }));
    this.visit(input, this.#domain(domain, width, step), partition, true);
    return true;
  }

  #join(join: Join, domain: Domain, exprs: readonly Expr[], nulls: boolean): void {
    const { kind, left, right, equalities } = join;
    const { width } = left;
    if (kind === 'full') return this.#fullJoin(join, domain, exprs);
    const oneSided = kind === 'semi' || kind === 'anti' || kind === 'mark';
    const inner = kind === 'inner';
    const down = (list: readonly Expr[]): Expr[] => list.map((expr) => shifted(expr, width));
    // Equal values of the other side stand for a key where the rows are the same.
    const asLeft = exprs.map((expr) =>
      (inner || (!nulls && isColumn(expr))) && !oneSided ? (equalTo(expr, equalities, width, 'left') ?? expr) : expr,
    );
    const asRight = exprs.map((expr) => (inner ? (equalTo(expr, equalities, width, 'right') ?? expr) : expr));
    if (within(asLeft, width)) {
      this.visit(left, domain, asLeft, nulls);
      return this.#otherSide(join, domain, { side: 'left', exprs: asLeft, nulls });
    }
    if (oneSided) return this.#whole(join, 'the key is a condition');
    if (beyond(asRight, width) && (inner || (!nulls && asRight.every(isColumn)))) {
      this.visit(right, domain, down(asRight), false);
      return this.#otherSide(join, domain, { side: 'right', exprs: down(asRight), nulls: false });
    }
    this.#whole(
      join,
      inner || !nulls ? 'the key comes from both sides of a join' : "the key comes from a left join's right side",
    );
  }

  /** Restricts the side of a join that does not carry the key, by the join's columns. */
  #otherSide(
    join: Join,
    domain: Domain,
    main: { side: 'left' | 'right'; exprs: readonly Expr[]; nulls: boolean },
  ): void {
    const mine = main.side === 'left' ? join.left : join.right;
    const other = main.side === 'left' ? join.right : join.left;
    const own = join.equalities.map((one) => one[main.side]);
    const theirs = join.equalities.map((one) => one[main.side === 'left' ? 'right' : 'left']);
    if (join.kind === 'mark' && !join.correlated && !join.byMatches) {
      return this.#whole(other, 'IN or EXISTS as a value: one null changes every row');
    }
    const equal = main.exprs.map((expr) => theirs[own.findIndex((one) => sameValue(one, expr))]);
    const nullSafe = join.equalities.map((one) => one.nullSafe);
    if (equal.every((expr) => expr !== undefined)) {
      return this.visit(other, domain, equal, nullSafe.includes(true));
    }
    if (own.length === 0) return this.#whole(other, 'a join without an equality');
    const attempts: [Expr[], Expr[], boolean][] = [
      [own, theirs, nullSafe.includes(true)],
      ...own.map((one, i): [Expr[], Expr[], boolean] => [[one], [theirs[i] as Expr], nullSafe[i] === true]),
    ];
    for (const [from, to, nullsLead] of attempts) {
      const path = lookupPath(mine, from, main.exprs, !main.nulls, nullsLead);
      if (path === null) continue;
      // The path leads from the join's values to the key; domains are made from the key outwards.
      let last = domain;
      for (const step of path.toReversed()) last = this.#domain(last, step[0]?.own.length ?? 0, step);
      return this.visit(other, last, to, nullsLead);
    }
    this.#whole(other, 'no lookup leads from the join to the key');
  }

  /** Only by `coalesce(left.k, right.k)` of the join's own columns; `left.k` may be such a one itself, its arguments written out. */
  #fullJoin(join: Join, domain: Domain, exprs: readonly Expr[]): void {
    const sides = exprs.map((expr) => {
      if (expr.kind !== 'call' || expr.fn !== 'coalesce') return null;
      const right = shifted(expr.args.at(-1) as Expr, join.left.width);
      const equal = join.equalities.find(
        (one) => isCoalesce(one.left, expr.args.slice(0, -1)) && sameValue(one.right, right),
      );
      // Else a row without the other side would have a key that its own columns do not tell.
      return equal !== undefined && isNullOfNulls(equal.left) && isNullOfNulls(right)
        ? { left: equal.left, right }
        : null;
    });
    if (sides.some((side) => side === null))
      return this.#whole(join, 'a full join, not keyed by its coalesced columns');
    this.visit(
      join.left,
      domain,
      sides.map((side) => side?.left as Expr),
      true,
    );
    this.visit(
      join.right,
      domain,
      sides.map((side) => side?.right as Expr),
      true,
    );
  }
}

/** Whether an expression is the one, or the first of these that is not null. */
function isCoalesce(expr: Expr, values: readonly Expr[]): boolean {
  if (values.length === 1) return sameValue(expr, values[0] as Expr);
  const args = expr.kind === 'call' && expr.fn === 'coalesce' ? expr.args : [];
  return args.length === values.length && args.every((arg, at) => sameValue(arg, values[at] as Expr));
}
