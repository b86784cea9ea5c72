import type { CallExpression, Expression, Identifier, Statement } from './ast.ts';
import { attribute, item, slice } from './attributes.ts';
import { applyFilter } from './filters.ts';
import { Float, parseNumber } from '../../core/numbers.ts';
import { applyOperator, negate } from './operators.ts';
import type { Scope } from './scope.ts';
import { applyTest } from './tests.ts';
import { NOT_TEST, NUMBER, TEST, TUPLE } from './token-dialect.ts';
import {
  TemplateError,
  Thing,
  Undefined,
  items,
  text,
  truthy,
  tuple,
  typeName,
  type Arguments,
  type Dict,
  type Value,
} from './values.ts';

/** Computes the values of expressions. */
export class Evaluator {
  /** Renders statements, for the bodies of macros. */
  readonly block: (nodes: readonly Statement[], scope: Scope) => string;

  constructor(block: (nodes: readonly Statement[], scope: Scope) => string) {
    this.block = block;
  }

  evaluate(node: Expression, scope: Scope): Value {
    switch (node.type) {
      case 'IntegerLiteral':
      case 'StringLiteral':
        return node.value;
      case 'FloatLiteral':
        return new Float(node.value);
      case 'ArrayLiteral':
        return node.value.map((one) => this.evaluate(one, scope));
      case 'TupleLiteral':
        return tuple(...node.value.map((one) => this.evaluate(one, scope)));
      case 'ObjectLiteral':
        return this.#dict(node.value, scope);
      case 'Identifier':
        return this.#identifier(node, scope);
      case 'MemberExpression':
        return this.#member(node, scope);
      case 'CallExpression':
        return this.call(node, scope);
      case 'FilterExpression':
        return this.filter(node.filter, this.evaluate(node.operand, scope), scope);
      case 'TestExpression':
        return applyTest(node.test.value, this.evaluate(node.operand, scope)) !== node.negate;
      case 'UnaryExpression':
        return this.#unary(node.operator.value, this.evaluate(node.argument, scope));
      case 'BinaryExpression':
        return this.#binary(node, scope);
      case 'Ternary':
        return this.evaluate(truthy(this.evaluate(node.condition, scope)) ? node.trueExpr : node.falseExpr, scope);
      case 'SelectExpression':
        return truthy(this.evaluate(node.test, scope)) ? this.evaluate(node.lhs, scope) : NOTHING;
      case 'SliceExpression':
      case 'KeywordArgumentExpression':
      case 'SpreadExpression':
      case 'KeywordSpreadExpression':
        throw new TemplateError('an argument or slice stands where a value should');
    }
  }

  /** Calls what the node names. `caller` is the body of a call block. */
  call(node: CallExpression, scope: Scope, caller?: Value): Value {
    const callee = this.evaluate(node.callee, scope);
    const args = this.#arguments(node.args, scope);
    if (caller !== undefined) args.named.set('caller', caller);
    if (typeof callee === 'function') return callee(args);
    if (callee instanceof Thing && callee.call !== undefined) return callee.call(args);
    if (callee instanceof Undefined) {
      throw callee.error('define it in macros/; a macro of a package is called by PACKAGE.name');
    }
    throw new TemplateError(`a ${typeName(callee)} cannot be called`);
  }

  filter(node: Identifier | CallExpression, value: Value, scope: Scope): Value {
    if (node.type === 'Identifier') return applyFilter(node.value, value, { positional: [], named: new Map() });
    if (node.callee.type !== 'Identifier') throw new TemplateError('a filter has a plain name');
    const name = node.callee.value;
    const args = this.#arguments(node.args, scope);
    if (name === TEST || name === NOT_TEST) {
      const [test, ...parameters] = args.positional;
      return applyTest(text(test ?? null), value, parameters) !== (name === NOT_TEST);
    }
    return applyFilter(name, value, args);
  }

  #identifier(node: Identifier, scope: Scope): Value {
    const constant = CONSTANTS.get(node.value);
    if (constant !== undefined) return constant;
    const value = scope.get(node.value);
    return value === undefined ? new Undefined(`'${node.value}'`) : value;
  }

  #dict(entries: ReadonlyMap<Expression, Expression>, scope: Scope): Dict {
    const dict: Dict = new Map();
    for (const [key, value] of entries) dict.set(this.evaluate(key, scope), this.evaluate(value, scope));
    return dict;
  }

  #member(node: Extract<Expression, { type: 'MemberExpression' }>, scope: Scope): Value {
    const object = this.evaluate(node.object, scope);
    const { property } = node;
    if (property.type === 'SliceExpression') {
      const bound = (one: Expression | undefined): Value => (one === undefined ? null : this.evaluate(one, scope));
      return slice(object, bound(property.start), bound(property.stop), bound(property.step));
    }
    if (node.computed) return item(object, this.evaluate(property, scope));
    return property.type === 'Identifier'
      ? attribute(object, property.value)
      : item(object, this.evaluate(property, scope));
  }

  #unary(operator: string, value: Value): Value {
    if (operator === 'not') return !truthy(value);
    return operator === '-' ? negate(value) : value;
  }

  #binary(node: Extract<Expression, { type: 'BinaryExpression' }>, scope: Scope): Value {
    const left = this.evaluate(node.left, scope);
    const operator = node.operator.value;
    if (operator === 'and') return truthy(left) ? this.evaluate(node.right, scope) : left;
    if (operator === 'or') return truthy(left) ? left : this.evaluate(node.right, scope);
    return applyOperator(operator, left, this.evaluate(node.right, scope));
  }

  #arguments(nodes: readonly Expression[], scope: Scope): Arguments {
    const args: Arguments = { positional: [], named: new Map() };
    for (const node of nodes) {
      if (node.type === 'KeywordArgumentExpression') args.named.set(node.key.value, this.evaluate(node.value, scope));
      else if (node.type === 'SpreadExpression') args.positional.push(...items(this.evaluate(node.argument, scope)));
      else if (node.type === 'KeywordSpreadExpression') {
        const spread = this.evaluate(node.argument, scope);
        if (!(spread instanceof Map)) throw new TemplateError(`** needs a dict, not a ${typeName(spread)}`);
        for (const [key, value] of spread) args.named.set(text(key), value);
      } else args.positional.push(this.evaluate(node, scope));
    }
    return args;
  }
}

/** `a if b` without else, where b does not hold: undefined, but prints nothing. */
const NOTHING = new Undefined('the value of an if without else', { isMeant: true });

const CONSTANTS: ReadonlyMap<string, Value> = new Map<string, Value>([
  ['true', true],
  ['True', true],
  ['false', false],
  ['False', false],
  ['none', null],
  ['None', null],
  [NUMBER, ({ positional }) => parseNumber(text(positional[0] ?? '')) ?? null],
  [TUPLE, ({ positional }) => tuple(...positional)],
]);
