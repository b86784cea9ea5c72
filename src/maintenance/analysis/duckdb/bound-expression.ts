import type { AggregateCall, Call, Expr, Stability, WindowCall } from '../plan-tree.ts';
import { aggregateCall, type BoundOrder } from './bound-aggregate.ts';
import { type BoundType, type BoundValue, NoText, typeName, typeText, valueText } from './bound-type.ts';

/** An expression as DuckDB serializes it: `expression_class` says which of the other fields there are. */
export interface BoundExpression {
  readonly expression_class: string;
  readonly type: string;
  readonly return_type?: BoundType | null;
  readonly [field: string]: unknown;
}

/** Stability of a function by its name, from DuckDB's catalog. */
export type StabilityOf = (fn: string) => Stability;

/** DuckDB's bound expressions (of one plan) as ours. */
export class ExpressionReader {
  readonly #stability: StabilityOf;

  constructor(stability: StabilityOf) {
    this.#stability = stability;
  }

  read(bound: BoundExpression): Expr {
    if (bound.expression_class === 'BOUND_REF') {
      return { kind: 'ref', index: bound['index'] as number, type: typeName(bound.return_type) };
    }
    try {
      return this.#call(bound);
    } catch (error) {
      if (!(error instanceof NoText)) throw error;
      return this.#withoutText(bound);
    }
  }

  aggregate(bound: BoundExpression): AggregateCall {
    return aggregateCall(bound, (one) => this.read(one));
  }

  window(bound: BoundExpression): WindowCall {
    if (bound.expression_class !== 'BOUND_WINDOW') throw new Error(`${bound.expression_class} as a window function`);
    const aggregate = bound['aggregate'] as { name?: string } | null | undefined;
    const fn =
      bound.type === 'WINDOW_AGGREGATE'
        ? (aggregate?.name ?? (bound['name'] as string | undefined) ?? 'aggregate')
        : bound.type.replace('WINDOW_', '').toLowerCase();
    const orders = [...((bound['orders'] ?? []) as BoundOrder[]), ...((bound['arg_orders'] ?? []) as BoundOrder[])];
    return {
      fn,
      args: this.#all(bound['children']),
      partitions: this.#all(bound['partitions']),
      orders: orders.map(({ expression }) => this.read(expression)),
      byRows: [bound['start'], bound['end']].some((bound_) => String(bound_).endsWith('_ROWS')),
      call: this.#withoutText(bound),
    };
  }

  #one(value: unknown): Expr {
    return this.read(value as BoundExpression);
  }

  #all(value: unknown): Expr[] {
    return ((value ?? []) as BoundExpression[]).map((one) => this.read(one));
  }

  #call(bound: BoundExpression): Call {
    switch (bound.expression_class) {
      case 'BOUND_CONSTANT':
        return call('constant', [], bound, [valueText(bound['value'] as BoundValue)]);
      case 'BOUND_CAST': {
        const fn = bound['try_cast'] === true ? 'try_cast' : 'cast';
        const type = typeText(bound.return_type as BoundType);
        return call(fn, [this.#one(bound['child'])], bound, [`${fn}(`, ` as ${type})`], type);
      }
      case 'BOUND_COMPARISON': {
        const operator = COMPARISONS[bound.type];
        if (operator === undefined) throw new NoText(bound.type);
        const sides = [this.#one(bound['left']), this.#one(bound['right'])];
        return call(operator, sides, bound, ['(', ` ${operator} `, ')']);
      }
      case 'BOUND_CONJUNCTION': {
        const operator = bound.type === 'CONJUNCTION_AND' ? 'and' : 'or';
        const args = this.#all(bound['children']);
        return call(operator, args, bound, separated('(', args.length, ` ${operator} `, ')'));
      }
      case 'BOUND_CASE':
        return this.#case(bound);
      case 'BOUND_BETWEEN': {
        // Bounds are inclusive unless told otherwise.
        if (bound['lower_inclusive'] === false || bound['upper_inclusive'] === false) throw new NoText('between');
        const args = [this.#one(bound['input']), this.#one(bound['lower']), this.#one(bound['upper'])];
        return call('between', args, bound, ['(', ' between ', ' and ', ')']);
      }
      case 'BOUND_OPERATOR':
        return this.#operator(bound);
      case 'BOUND_FUNCTION':
        return this.#function(bound);
      default:
        throw new NoText(bound.expression_class);
    }
  }

  #case(bound: BoundExpression): Call {
    const checks = bound['case_checks'] as readonly { when_expr: BoundExpression; then_expr: BoundExpression }[];
    const args = [
      ...checks.flatMap((check) => [this.read(check.when_expr), this.read(check.then_expr)]),
      this.#one(bound['else_expr']),
    ];
    const parts = [
      'case when ',
      ...checks.flatMap((_, i) => [' then ', i + 1 < checks.length ? ' when ' : ' else ']),
      ' end',
    ];
    return call('case', args, bound, parts);
  }

  #operator(bound: BoundExpression): Call {
    const args = this.#all(bound['children']);
    const list = (name: string): Call => call(name, args, bound, separated(`${name}(`, args.length, ', ', ')'));
    switch (bound.type) {
      case 'OPERATOR_NOT':
        return call('not', args, bound, ['(not ', ')']);
      case 'OPERATOR_IS_NULL':
        return call('is null', args, bound, ['(', ' is null)']);
      case 'OPERATOR_IS_NOT_NULL':
        return call('is not null', args, bound, ['(', ' is not null)']);
      case 'COMPARE_IN':
      case 'COMPARE_NOT_IN': {
        const name = bound.type === 'COMPARE_IN' ? 'in' : 'not in';
        return call(name, args, bound, ['(', ` ${name} (`, ...args.slice(2).map(() => ', '), '))']);
      }
      case 'OPERATOR_COALESCE':
        return list('coalesce');
      case 'OPERATOR_NULLIF':
        return list('nullif');
      case 'OPERATOR_TRY':
        return list('try');
      default:
        throw new NoText(bound.type);
    }
  }

  #function(bound: BoundExpression): Call {
    const name = bound['name'] as string;
    const args = this.#all(bound['children']);
    const options = bound['function_data'] as Record<string, unknown> | null | undefined;
    if (options?.['lambda_expr'] !== undefined && options['lambda_expr'] !== null) throw new NoText('lambda');
    const stability = this.#stability(name);
    if (name === 'struct_pack') {
      const info = bound.return_type?.type_info?.['child_types'] as readonly { first: string }[];
      const names = info.map(({ first }) => `"${first.replaceAll('"', '""')}": `);
      return call(
        name,
        args,
        bound,
        [`{${names[0] ?? ''}`, ...names.slice(1).map((one) => `, ${one}`), '}'],
        undefined,
        stability,
      );
    }
    if (bound['is_operator'] === true || LIKE.has(name)) {
      const inner = args.length === 2 ? ['(', ` ${name} `, ')'] : args.length === 1 ? [`(${name} `, ')'] : null;
      if (inner === null) throw new NoText(name);
      // A decimal operator has a width and scale of its own, which the plain operator would choose anew.
      const type = bound.return_type as BoundType;
      const parts =
        type.id === 'DECIMAL'
          ? [`cast(${inner[0]}`, ...inner.slice(1, -1), `${inner.at(-1)} as ${typeText(type)})`]
          : inner;
      return call(name, args, bound, parts, undefined, stability);
    }
    return call(
      name,
      args,
      bound,
      separated(`"${name.replaceAll('"', '""')}"(`, args.length, ', ', ')'),
      undefined,
      stability,
    );
  }

  /** Keeps what an expression reads and calls, when its text cannot be given back. */
  #withoutText(bound: BoundExpression): Call {
    const args: Expr[] = [];
    const names: string[] = [];
    const visit = (value: unknown): void => {
      if (Array.isArray(value)) value.forEach(visit);
      else if (isExpression(value)) args.push(this.read(value));
      else if (typeof value === 'object' && value !== null) Object.values(value).forEach(visit);
    };
    for (const [field, value] of Object.entries(bound)) if (!NO_CHILDREN.has(field)) visit(value);
    for (const lambda of lambdasOf(bound)) names.push(...functionNames(lambda));
    const own = (bound['name'] as string | undefined) ?? bound.type;
    return {
      kind: 'call',
      fn: own,
      args,
      type: typeName(bound.return_type),
      parts: null,
      identity: JSON.stringify(bound, (key, value: unknown) => (UNIMPORTANT.has(key) ? undefined : value)),
      stability: [own, ...names].map(this.#stability).reduce(worse),
    };
  }
}

const COMPARISONS: Readonly<Record<string, string>> = {
  COMPARE_EQUAL: '=',
  COMPARE_NOTEQUAL: '<>',
  COMPARE_LESSTHAN: '<',
  COMPARE_GREATERTHAN: '>',
  COMPARE_LESSTHANOREQUALTO: '<=',
  COMPARE_GREATERTHANOREQUALTO: '>=',
  COMPARE_DISTINCT_FROM: 'is distinct from',
  COMPARE_NOT_DISTINCT_FROM: 'is not distinct from',
};

const LIKE = new Set(['~~', '!~~', '~~*', '!~~*', '~~~']);

/** Fields that hold no expression over the operator's columns; a lambda's body has columns of its own. */
const NO_CHILDREN = new Set(['function_data', 'value', 'return_type', 'arguments', 'original_arguments', 'aggregate']);
const UNIMPORTANT = new Set(['alias', 'query_location']);

function call(
  fn: string,
  args: readonly Expr[],
  bound: BoundExpression,
  parts: readonly string[],
  type: string = fn === 'constant'
    ? typeName((bound['value'] as BoundValue).type)
    : typeName(bound.return_type ?? BOOLEAN),
  stability: Stability = 'stable',
): Call {
  if (parts.length !== args.length + 1) throw new NoText(`${fn} with ${args.length} arguments`);
  return { kind: 'call', fn, args, type, parts, identity: parts.join('?'), stability };
}

const BOOLEAN: BoundType = { id: 'BOOLEAN', type_info: null };

function separated(open: string, count: number, between: string, close: string): string[] {
  if (count === 0) return [open + close];
  return [open, ...Array.from({ length: count - 1 }, () => between), close];
}

function isExpression(value: unknown): value is BoundExpression {
  return typeof value === 'object' && value !== null && 'expression_class' in value;
}

function lambdasOf(bound: BoundExpression): unknown[] {
  const data = bound['function_data'];
  return typeof data === 'object' && data !== null && 'lambda_expr' in data ? [data.lambda_expr] : [];
}

function functionNames(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(functionNames);
  if (typeof value !== 'object' || value === null) return [];
  const own = isExpression(value) && typeof value['name'] === 'string' ? [value['name']] : [];
  return [...own, ...Object.values(value).flatMap(functionNames)];
}

function worse(a: Stability, b: Stability): Stability {
  return a === 'volatile' || b === 'volatile' ? 'volatile' : a === 'clock' || b === 'clock' ? 'clock' : 'stable';
}
