import { conjuncts, ref } from '../expressions.ts';
import type { Equality, Expr, Get, Join, JoinKind, Rel } from '../plan-tree.ts';
import { type BoundExpression, ExpressionReader, type StabilityOf } from './bound-expression.ts';
import { type BoundType, typeName } from './bound-type.ts';
import { compared, filtered, withConditions } from './join-conditions.ts';

/** A logical operator as DuckDB 1.5 serializes it (`json_serialize_plan`). */
interface BoundOperator {
  readonly type: string;
  readonly children: readonly BoundOperator[];
  readonly [field: string]: unknown;
}

/** How many operators a plan may have with every reference to a CTE followed: beyond that it is not analysed. */
const MOST_OPERATORS = 5_000;

/** Table functions without a table below them that always give the same rows. */
const CONSTANT_FUNCTIONS = new Set(['generate_series', 'range', 'repeat', 'repeat_row', 'unnest']);

/** Thrown inside of {@link planTree}: what was not read may hold tables, so that there is no tree at all then. */
class TooManyOperators extends Error {}

/**
 * The tree of a bound plan. This folder alone knows DuckDB's names; an operator it does not know becomes opaque. Null
 * when references to CTEs make it too large.
 *
 * @param plan one element of `plans` in the answer of json_serialize_plan, not optimized
 */
export function planTree(plan: unknown, stability: StabilityOf): Rel | null {
  try {
    return new PlanReader(stability).read(plan as BoundOperator);
  } catch (error) {
    if (error instanceof TooManyOperators) return null;
    throw error;
  }
}

class PlanReader {
  readonly #expressions: ExpressionReader;
  readonly #ctes = new Map<number, BoundOperator>();
  #gets = 0;
  #count = 0;

  constructor(stability: StabilityOf) {
    this.#expressions = new ExpressionReader(stability);
  }

  read(bound: BoundOperator): Rel {
    if (++this.#count > MOST_OPERATORS) throw new TooManyOperators();
    switch (bound.type) {
      case 'LOGICAL_MATERIALIZED_CTE': {
        const [definition, body] = bound.children as [BoundOperator, BoundOperator];
        this.#ctes.set(bound['table_index'] as number, definition);
        return this.read(body);
      }
      case 'LOGICAL_CTE_REF': {
        // Each reference is a use of its own: what restricts one does not restrict another.
        const definition = this.#ctes.get(bound['cte_index'] as number);
        if (definition !== undefined) return this.read(definition);
        return { op: 'opaque', inputs: [], why: 'recursive CTE', width: listOf(bound['chunk_types']).length };
      }
      case 'LOGICAL_GET':
        return this.#get(bound);
      case 'LOGICAL_DUMMY_SCAN':
        return { op: 'values', sql: '', single: true, width: 1 };
      case 'LOGICAL_EXPRESSION_GET':
      case 'LOGICAL_CHUNK_GET':
      case 'LOGICAL_EMPTY_RESULT':
        return { op: 'values', sql: null, single: false, width: this.#valuesWidth(bound) };
      case 'LOGICAL_DELIM_GET':
        return { op: 'values', sql: null, single: false, width: listOf(bound['chunk_types']).length };
      case 'LOGICAL_COMPARISON_JOIN':
      case 'LOGICAL_DELIM_JOIN':
      case 'LOGICAL_ASOF_JOIN':
      case 'LOGICAL_ANY_JOIN':
      case 'LOGICAL_CROSS_PRODUCT':
        return this.#join(bound);
      default:
        return this.#single(bound);
    }
  }

  #valuesWidth(bound: BoundOperator): number {
    return listOf(bound['expr_types'] ?? bound['chunk_types'] ?? bound['return_types'] ?? bound['bindings']).length;
  }

  /** Operators with inputs that are read first. */
  #single(bound: BoundOperator): Rel {
    const inputs = bound.children.map((child) => this.read(child));
    const [input] = inputs;
    const width = inputs.reduce((sum, one) => sum + one.width, 0);
    const exprs = (): Expr[] =>
      listOf(bound['expressions']).map((one) => this.#expressions.read(one as BoundExpression));
    if (input === undefined) return { op: 'opaque', inputs, why: `${nameOf(bound)} is not analysed`, width };
    switch (bound.type) {
      case 'LOGICAL_PROJECTION': {
        const list = exprs();
        return { op: 'project', input, exprs: list, width: list.length };
      }
      case 'LOGICAL_FILTER': {
        const kept = listOf(bound['projection_map']) as number[];
        const filter = filtered({ op: 'filter', input, predicates: conjuncts(exprs()), width });
        if (kept.length === 0) return filter;
        return { op: 'project', input: filter, exprs: kept.map((index) => ref(index, 'unknown')), width: kept.length };
      }
      case 'LOGICAL_AGGREGATE_AND_GROUP_BY': {
        const keys = listOf(bound['groups']).map((one) => this.#expressions.read(one as BoundExpression));
        const aggregates = listOf(bound['expressions']).map((one) =>
          this.#expressions.aggregate(one as BoundExpression),
        );
        const groupings = listOf(bound['grouping_functions']).length;
        const sets = listOf(bound['grouping_sets']) as number[][];
        const all = keys.map((_, i) => i);
        const own = { op: 'aggregate', input, keys, aggregates, sets: sets.length === 0 ? [all] : sets } as const;
        if (groupings > 0)
          return { op: 'opaque', inputs, why: 'grouping()', width: keys.length + aggregates.length + groupings };
        return { ...own, width: keys.length + aggregates.length };
      }
      case 'LOGICAL_WINDOW': {
        const functions = listOf(bound['expressions']).map((one) => this.#expressions.window(one as BoundExpression));
        return { op: 'window', input, functions, width: width + functions.length };
      }
      case 'LOGICAL_UNNEST': {
        const list = exprs();
        return { op: 'unnest', input, exprs: list, width: width + list.length };
      }
      case 'LOGICAL_DISTINCT': {
        const on = bound['distinct_type'] === 'DISTINCT_ON' ? listOf(bound['distinct_targets']) : null;
        const order = listOf((bound['order_by'] as { orders?: unknown } | null)?.orders) as {
          expression: BoundExpression;
        }[];
        return {
          op: 'distinct',
          input,
          on: on?.map((one) => this.#expressions.read(one as BoundExpression)) ?? null,
          order: order.map(({ expression }) => this.#expressions.read(expression)),
          width,
        };
      }
      case 'LOGICAL_UNION':
      case 'LOGICAL_EXCEPT':
      case 'LOGICAL_INTERSECT': {
        const kind = nameOf(bound) as 'union' | 'except' | 'intersect';
        return { op: 'set', kind, all: bound['setop_all'] === true, inputs, width: input.width };
      }
      case 'LOGICAL_ORDER_BY':
        return { op: 'order', input, width };
      case 'LOGICAL_LIMIT':
      case 'LOGICAL_TOP_N':
        return { op: 'opaque', inputs, why: 'limit', width };
      case 'LOGICAL_RECURSIVE_CTE':
        return { op: 'opaque', inputs, why: 'recursive CTE', width: input.width };
      default:
        return { op: 'opaque', inputs, why: `${nameOf(bound)} is not analysed`, width };
    }
  }

  #get(bound: BoundOperator): Rel {
    const columnIndexes = listOf(bound['column_indexes']) as { index: number }[];
    const data = bound['function_data'] as { table?: string } | null;
    if (bound['name'] === 'seq_scan' && typeof data?.table === 'string') {
      const names = bound['names'] as string[];
      const types = bound['returned_types'] as BoundType[];
      const get: Get = {
        op: 'get',
        id: this.#gets++,
        table: `${String((data as { schema?: string }).schema)}.${data.table}`,
        columns: columnIndexes.map(({ index }) => names[index] ?? 'rowid'),
        types: columnIndexes.map(({ index }) => (index < names.length ? typeName(types[index]) : 'BIGINT')),
        width: columnIndexes.length,
      };
      return get;
    }
    const [child] = bound.children;
    const width = columnIndexes.length;
    const why = `table function ${String(bound['name'])}` as const;
    if (child === undefined) {
      const constant = CONSTANT_FUNCTIONS.has(String(bound['name']));
      return constant ? { op: 'values', sql: null, single: false, width } : { op: 'opaque', inputs: [], why, width };
    }
    const projected = listOf(bound['projected_input']).length;
    return {
      op: 'opaque',
      inputs: [this.read(child)],
      why,
      width: width + projected,
    };
  }

  #join(bound: BoundOperator): Rel {
    const [left, right] = bound.children.map((child) => this.read(child)) as [Rel, Rel];
    const joinType = bound.type === 'LOGICAL_CROSS_PRODUCT' ? 'INNER' : (bound['join_type'] as string);
    const kind = JOIN_KINDS[joinType];
    const both = left.width + right.width;
    const maps = [bound['left_projection_map'], bound['right_projection_map']];
    if (maps.some((map) => listOf(map).length > 0)) {
      return { op: 'opaque', inputs: [left, right], why: 'a projection map', width: both };
    }
    if (kind === undefined)
      return {
        op: 'opaque',
        inputs: [left, right],
        why: `${joinType.toLowerCase()} join is not analysed`,
        width: both,
      };
    const width = kind === 'semi' || kind === 'anti' ? left.width : kind === 'mark' ? left.width + 1 : both;
    const equalities: Equality[] = [];
    const residual: Expr[] = [];
    for (const condition of listOf(bound['conditions']) as BoundCondition[]) {
      const sides = { left: this.#expressions.read(condition.left), right: this.#expressions.read(condition.right) };
      if (condition.comparison === 'COMPARE_EQUAL') equalities.push({ ...sides, nullSafe: false });
      else if (condition.comparison === 'COMPARE_NOT_DISTINCT_FROM') equalities.push({ ...sides, nullSafe: true });
      else residual.push(compared(sides.left, sides.right, condition.comparison, left.width));
    }
    for (const field of ['condition', 'predicate'] as const) {
      const one = bound[field] as BoundExpression | null | undefined;
      if (one !== null && one !== undefined) residual.push(this.#expressions.read(one));
    }
    const join: Join = {
      op: 'join',
      kind,
      left,
      right,
      equalities,
      residual: [],
      correlated: bound.type === 'LOGICAL_DELIM_JOIN',
      nearest: bound.type === 'LOGICAL_ASOF_JOIN',
      byMatches: false,
      width,
    };
    const oneSided = kind === 'semi' || kind === 'anti' || kind === 'mark';
    return withConditions(join, residual, !oneSided);
  }
}

interface BoundCondition {
  readonly left: BoundExpression;
  readonly right: BoundExpression;
  readonly comparison: string;
}

/** RIGHT is not among them: DuckDB's binder swaps it to LEFT. */
const JOIN_KINDS: Readonly<Record<string, JoinKind>> = {
  INNER: 'inner',
  LEFT: 'left',
  OUTER: 'full',
  FULL: 'full',
  SEMI: 'semi',
  ANTI: 'anti',
  MARK: 'mark',
  SINGLE: 'single',
};

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function nameOf(bound: BoundOperator): string {
  return bound.type.replace('LOGICAL_', '').replaceAll('_', ' ').toLowerCase();
}
