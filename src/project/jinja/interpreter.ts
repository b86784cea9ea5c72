import type {
  CallExpression,
  CallStatement,
  Expression,
  For,
  If,
  ListLiteral,
  Identifier,
  SetStatement,
  Statement,
  FilterStatement,
} from './ast.ts';
import { Evaluator } from './evaluator.ts';
import { defineMacro, type Frame, type MacroDefinition } from './macro.ts';
import { Scope } from './scope.ts';
import { DISCARD, WITH, type Template } from './template.ts';
import {
  Namespace,
  TemplateError,
  Thing,
  Undefined,
  equal,
  items,
  text,
  truthy,
  typeName,
  type Callable,
  type Value,
} from './values.ts';

/** Thrown by `break` and `continue`; it brings along what the loop's body gave before it. */
class LoopSignal {
  readonly jump: 'Break' | 'Continue';
  text = '';
  constructor(jump: 'Break' | 'Continue') {
    this.jump = jump;
  }
}

/** Macros that call each other deeper than this do so without end. */
const DEEPEST = 150;

/**
 * Runs parsed templates: statements give text, expressions values. One interpreter serves one rendering; when it
 * throws, `frames` still tells where it was.
 */
export class Interpreter {
  /** The file being rendered, then each macro under way, innermost last. */
  readonly frames: Frame[] = [];
  readonly #evaluator = new Evaluator((node, scope) => this.block(node, scope));
  readonly #nothingPrinted: (what: string, frame: Frame) => void;

  /** @param nothingPrinted told of each name printed that is not there */
  constructor(nothingPrinted: (what: string, frame: Frame) => void = () => undefined) {
    this.#nothingPrinted = nothingPrinted;
  }

  /** The text of a template with the names of `scope`. */
  render(template: Template, scope: Scope): string {
    return this.within({ file: template.file, macro: null, line: 1 }, () => this.block(template.body, scope));
  }

  /** The value of a template that is one expression, else its text: how dbt reads values of YAML. */
  value(template: Template, scope: Scope): Value {
    const nodes = template.body.filter((node) => node.type !== 'Comment');
    const [only] = nodes;
    if (nodes.length !== 1 || only === undefined || !isExpression(only)) return this.render(template, scope);
    return this.within({ file: template.file, macro: null, line: 1 }, () => this.#evaluator.evaluate(only, scope));
  }

  /** A macro of a file, to be called from anywhere; it sees the names of `scope`. */
  macro(definition: MacroDefinition, scope: Scope): Value {
    return defineMacro(definition, scope, this.#evaluator, (frame, body) => this.within(frame, body));
  }

  /** Runs `body` with a frame of its own; the frame stays when it throws. */
  within<T>(frame: Frame, body: () => T): T {
    if (this.frames.length >= DEEPEST) throw new TemplateError('macros call each other without end');
    this.frames.push(frame);
    const result = body();
    this.frames.pop();
    return result;
  }

  block(nodes: readonly Statement[], scope: Scope): string {
    let rendered = '';
    try {
      for (const node of nodes) rendered += this.#statement(node, scope);
    } catch (error) {
      if (error instanceof LoopSignal) error.text = rendered + error.text;
      throw error;
    }
    return rendered;
  }

  #statement(node: Statement, scope: Scope): string {
    switch (node.type) {
      case 'Comment': {
        const frame = this.frames.at(-1);
        if (frame !== undefined) frame.line = Number(node.value);
        return '';
      }
      case 'Set':
        this.#set(node, scope);
        return '';
      case 'If':
        return this.#if(node, scope);
      case 'For':
        return this.#for(node, scope);
      case 'Macro': {
        const file = this.frames.at(-1)?.file ?? '';
        scope.set(node.name.value, this.macro({ node, file }, scope));
        return '';
      }
      case 'CallStatement':
        return this.#call(node, scope);
      case 'FilterStatement':
        return this.#filter(node, scope);
      case 'Break':
      case 'Continue':
        // oxlint-disable-next-line typescript/only-throw-error -- a jump out of the loop's body, not a failure
        throw new LoopSignal(node.type === 'Break' ? 'Break' : 'Continue');
      default:
        return this.#print(this.#evaluator.evaluate(node, scope));
    }
  }

  #print(value: Value): string {
    const frame = this.frames.at(-1);
    if (value instanceof Undefined && !value.isMeant && frame !== undefined) this.#nothingPrinted(value.what, frame);
    return text(value);
  }

  #set(node: SetStatement, scope: Scope): void {
    const [assignee, value] =
      node.value === null ? this.#blockSet(node, scope) : [node.assignee, this.#evaluator.evaluate(node.value, scope)];
    if (assignee.type === 'MemberExpression') {
      const object = this.#evaluator.evaluate(assignee.object, scope);
      if (!(object instanceof Namespace) || assignee.property.type !== 'Identifier') {
        throw new TemplateError(
          `an attribute of a ${typeName(object)} cannot be set`,
          'use namespace(), or update() of a dict',
        );
      }
      object.slots.set(assignee.property.value, value);
    } else if (assignee.type === 'Identifier' && assignee.value === DISCARD) {
      // a `do`: run for what it does
    } else {
      assign(assignee as Identifier | ListLiteral, value, scope);
    }
  }

  /** `{% set name | filter %}...{% endset %}`: the text of the block, by way of its filters. */
  #blockSet(node: SetStatement, scope: Scope): [assignee: Expression, value: Value] {
    const filters: (Identifier | CallExpression)[] = [];
    let { assignee } = node;
    for (; assignee.type === 'FilterExpression'; assignee = assignee.operand) filters.unshift(assignee.filter);
    let value: Value = this.block(node.body, new Scope(scope));
    for (const one of filters) value = this.#evaluator.filter(one, value, scope);
    return [assignee, value];
  }

  #if(node: If, scope: Scope): string {
    return this.block(truthy(this.#evaluator.evaluate(node.test, scope)) ? node.body : node.alternate, scope);
  }

  #for(node: For, outer: Scope): string {
    const filtered = node.iterable.type === 'SelectExpression' ? node.iterable : null;
    const all = items(this.#evaluator.evaluate(filtered === null ? node.iterable : filtered.lhs, outer));
    const chosen = all.filter((one) => {
      if (filtered === null) return true;
      const scope = new Scope(outer);
      assign(node.loopvar, one, scope);
      return truthy(this.#evaluator.evaluate(filtered.test, scope));
    });
    if (chosen.length === 0) return this.block(node.defaultBlock, outer);
    let rendered = '';
    const changed = changes();
    for (const [i, one] of chosen.entries()) {
      const scope = new Scope(outer);
      assign(node.loopvar, one, scope);
      scope.set('loop', loopAt(chosen, i, changed));
      const body = this.#body(node.body, scope);
      rendered += body.text;
      if (body.last) break;
    }
    return rendered;
  }

  /** Renders a loop's body, up to a `break` or `continue` in it. */
  #body(nodes: readonly Statement[], scope: Scope): { text: string; last: boolean } {
    try {
      return { text: this.block(nodes, scope), last: false };
    } catch (error) {
      if (!(error instanceof LoopSignal)) throw error;
      return { text: error.text, last: error.jump === 'Break' };
    }
  }

  #call(node: CallStatement, scope: Scope): string {
    const file = this.frames.at(-1)?.file ?? '';
    const caller = {
      type: 'Macro',
      name: { type: 'Identifier', value: 'caller' },
      args: node.callerArgs ?? [],
      body: node.body,
    } as const;
    return text(this.#evaluator.call(node.call, scope, this.macro({ node: caller, file }, scope)));
  }

  /** The scope of a `with` block; its values see the names around it, not each other. */
  #withNames({ args }: CallExpression, outer: Scope): Scope {
    const scope = new Scope(outer);
    for (const one of args) {
      if (one.type !== 'KeywordArgumentExpression')
        throw new TemplateError('with sets names', 'write with name = value');
      scope.set(one.key.value, this.#evaluator.evaluate(one.value, outer));
    }
    return scope;
  }

  #filter(node: FilterStatement, scope: Scope): string {
    const { filter } = node;
    if (filter.type === 'CallExpression' && filter.callee.type === 'Identifier' && filter.callee.value === WITH)
      return this.block(node.body, this.#withNames(filter, scope));
    return text(this.#evaluator.filter(filter, this.block(node.body, new Scope(scope)), scope));
  }
}

const STATEMENTS: ReadonlySet<string> = new Set([
  'Set',
  'If',
  'For',
  'Macro',
  'CallStatement',
  'FilterStatement',
  'Break',
  'Continue',
  'Comment',
]);

function isExpression(node: Statement): node is Expression {
  return !STATEMENTS.has(node.type);
}

function assign(target: Identifier | ListLiteral, value: Value, scope: Scope): void {
  if (target.type === 'Identifier') {
    scope.set(target.value, value);
    return;
  }
  if (target.type !== 'TupleLiteral') throw new TemplateError('only names can be set');
  const parts = items(value);
  if (parts.length !== target.value.length) {
    throw new TemplateError(`${parts.length} values do not fit ${target.value.length} names`);
  }
  target.value.forEach((part, i) => assign(part as Identifier | ListLiteral, parts[i] ?? null, scope));
}

/** `loop.changed(value)`: whether it is another value than when it was last asked. */
function changes(): Callable {
  let last: Value[] | undefined;
  return ({ positional }) => {
    const same = last !== undefined && equal(last, positional);
    last = positional;
    return !same;
  };
}

function loopAt(all: readonly Value[], i: number, changed: Callable): Thing {
  return new Thing('loop', {
    index: i + 1,
    index0: i,
    revindex: all.length - i,
    revindex0: all.length - i - 1,
    first: i === 0,
    last: i === all.length - 1,
    length: all.length,
    // more than 1 in recursive loops alone
    depth: 1,
    depth0: 0,
    previtem: all[i - 1] ?? new Undefined('loop.previtem of the first item'),
    nextitem: all[i + 1] ?? new Undefined('loop.nextitem of the last item'),
    cycle: ({ positional }) => positional[i % positional.length] ?? null,
    changed,
  });
}
