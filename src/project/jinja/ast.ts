/** The nodes that the parser of `@huggingface/jinja` makes; the package does not export their types. */
export type Statement =
  | If
  | For
  | SetStatement
  | MacroStatement
  | CallStatement
  | FilterStatement
  | { readonly type: 'Break' }
  | { readonly type: 'Continue' }
  | { readonly type: 'Comment'; readonly value: string }
  | Expression;

export type Expression =
  | Identifier
  | CallExpression
  | {
      readonly type: 'MemberExpression';
      readonly object: Expression;
      readonly property: Expression;
      readonly computed: boolean;
    }
  | { readonly type: 'IntegerLiteral' | 'FloatLiteral'; readonly value: number }
  | { readonly type: 'StringLiteral'; readonly value: string }
  | ListLiteral
  | { readonly type: 'ObjectLiteral'; readonly value: ReadonlyMap<Expression, Expression> }
  | {
      readonly type: 'BinaryExpression';
      readonly operator: { readonly value: string };
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly type: 'UnaryExpression'; readonly operator: { readonly value: string }; readonly argument: Expression }
  | FilterExpression
  | TestExpression
  | { readonly type: 'SelectExpression'; readonly lhs: Expression; readonly test: Expression }
  | {
      readonly type: 'Ternary';
      readonly condition: Expression;
      readonly trueExpr: Expression;
      readonly falseExpr: Expression;
    }
  | SliceExpression
  | KeywordArgument
  | { readonly type: 'SpreadExpression' | 'KeywordSpreadExpression'; readonly argument: Expression };

export interface Identifier {
  readonly type: 'Identifier';
  readonly value: string;
}

export interface CallExpression {
  readonly type: 'CallExpression';
  readonly callee: Expression;
  readonly args: readonly Expression[];
}

export interface ListLiteral {
  readonly type: 'ArrayLiteral' | 'TupleLiteral';
  readonly value: readonly Expression[];
}

export interface FilterExpression {
  readonly type: 'FilterExpression';
  readonly operand: Expression;
  readonly filter: Identifier | CallExpression;
}

export interface TestExpression {
  readonly type: 'TestExpression';
  readonly operand: Expression;
  readonly negate: boolean;
  readonly test: Identifier;
}

export interface SliceExpression {
  readonly type: 'SliceExpression';
  readonly start: Expression | undefined;
  readonly stop: Expression | undefined;
  readonly step: Expression | undefined;
}

export interface KeywordArgument {
  readonly type: 'KeywordArgumentExpression';
  readonly key: Identifier;
  readonly value: Expression;
}

export type Parameter = Identifier | KeywordArgument;

export interface If {
  readonly type: 'If';
  readonly test: Expression;
  readonly body: readonly Statement[];
  readonly alternate: readonly Statement[];
}

export interface For {
  readonly type: 'For';
  readonly loopvar: Identifier | ListLiteral;
  readonly iterable: Expression;
  readonly body: readonly Statement[];
  readonly defaultBlock: readonly Statement[];
}

export interface SetStatement {
  readonly type: 'Set';
  readonly assignee: Expression;
  readonly value: Expression | null;
  readonly body: readonly Statement[];
}

export interface MacroStatement {
  readonly type: 'Macro';
  readonly name: Identifier;
  readonly args: readonly Parameter[];
  readonly body: readonly Statement[];
}

export interface CallStatement {
  readonly type: 'CallStatement';
  readonly call: CallExpression;
  readonly callerArgs: readonly Parameter[] | null;
  readonly body: readonly Statement[];
}

export interface FilterStatement {
  readonly type: 'FilterStatement';
  readonly filter: Identifier | CallExpression;
  readonly body: readonly Statement[];
}
