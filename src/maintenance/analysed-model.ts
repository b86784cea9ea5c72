import { LensError } from '../core/errors.ts';
import type { PlanCatalog, CatalogColumn } from '../warehouse/plan-catalog.ts';
import { columnsRead } from './analysis/columns-read.ts';
import { planTree } from './analysis/duckdb/bound-plan.ts';
import type { StabilityOf } from './analysis/duckdb/bound-expression.ts';
import { callsOf, operators, ref, refs } from './analysis/expressions.ts';
import { withoutIdleJoins } from './analysis/idle-joins.ts';
import type { Domain, Locality, Use } from './analysis/locality.ts';
import { trace } from './analysis/lookup-paths.ts';
import { ownConditions } from './analysis/own-conditions.ts';
import type { Expr, Get, Rel, Stability } from './analysis/plan-tree.ts';
import { neverNull, type NeverNullColumns, withCertainMarks } from './analysis/never-null.ts';
import { textOf } from './analysis/text.ts';
import { type TableKeys, uniqueKeys } from './analysis/unique-keys.ts';
import { ident } from '../warehouse/sql.ts';
import { chooseKey } from './key-choice.ts';
import { withStates } from './aggregate-plan.ts';
import { toSql } from './analysis/to-sql.ts';
import type { AggregateState, InputUse, PlanDomain, PlanInput, Relation } from './maintenance-plan.ts';

/** What the analysis of one SELECT gives. */
export interface AnalysedModel {
  /** Null when DuckDB gives no plan. */
  readonly tree: Rel | null;
  /** The stored tables that the SELECT reads. */
  readonly reads: readonly Relation[];
  readonly states: readonly AggregateState[];
  /** The SELECT over the states' tables, with its inputs named as told; null without states. */
  readonly writtenSql: (alias: (relation: Relation) => string) => string | null;
  /** Empty when no key serves. */
  readonly key: readonly string[];
  /** No column of the key is ever null. */
  readonly keyNeverNull: boolean;
  readonly uniqueKeys: readonly (readonly string[])[];
  /** Output columns that are never null. */
  readonly neverNull: readonly string[];
  readonly inputs: readonly Omit<PlanInput, 'alias'>[];
  readonly domains: readonly PlanDomain[];
  readonly volatile: boolean;
  /** Why it cannot be kept by keys, for people; null when it can. */
  readonly reason: string | null;
}

/** What the analysis knows of the relations a SELECT may read. */
export interface Surroundings {
  /** Of a table of the catalog. */
  readonly relation: (table: string) => Relation;
  readonly keysOf: TableKeys;
  readonly neverNull: NeverNullColumns;
  /** How many columns a table has. */
  readonly width: (table: string) => number;
  readonly stability: StabilityOf;
}

/** DuckDB's word for the stability of functions, as the analysis has it. */
export async function stabilityIn(catalog: PlanCatalog): Promise<StabilityOf> {
  const unstable = await catalog.unstableFunctions();
  const words: Readonly<Record<string, Stability>> = { VOLATILE: 'volatile', CONSISTENT_WITHIN_QUERY: 'clock' };
  return (fn) => {
    const word = unstable.get(fn);
    return word === undefined ? 'stable' : (words[word] ?? 'volatile');
  };
}

export interface ModelToAnalyse {
  readonly name: string;
  /** Binds in the catalog. */
  readonly sql: string;
  /** Its output. */
  readonly columns: readonly CatalogColumn[];
  readonly declaredKey: readonly string[];
  /** What has no part in its rows is left out: looked-up tables of which nothing is read, rows that its conditions drop. */
  readonly lineage?: boolean;
}

/** Analyses the SELECT of a model. */
export async function analyse(
  catalog: PlanCatalog,
  { sql, columns, declaredKey, lineage = false }: ModelToAnalyse,
  around: Surroundings,
): Promise<AnalysedModel> {
  const answer = await catalog.plan(sql);
  if ('why' in answer) return notAnalysed(`DuckDB gives no plan: ${answer.why}`);
  const tree = withCertainMarks(planTree(answer.plan, around.stability), around.neverNull);
  if (tree.width !== columns.length) {
    throw new LensError('INTERNAL', `the plan of a model has ${tree.width} columns, its SELECT ${columns.length}`);
  }
  if (!lineage) return analyseTree(tree, columns, declaredKey, around);
  const active = withoutIdleJoins(tree, around.keysOf);
  return analyseTree(active, columns, declaredKey, around, ownConditions(active));
}

/**
 * The same model with its aggregates read from states that are kept from changes alone; null where that cannot be done, or
 * would have some input read whole.
 */
export function withKeptStates(
  { name, columns, declaredKey }: ModelToAnalyse,
  plain: AnalysedModel,
  around: Surroundings,
): AnalysedModel | null {
  if (plain.tree === null || plain.volatile || whyNever(plain.tree, undefined) !== null) return null;
  const split = withStates(name, plain.tree, around);
  if (split === null) return null;
  const states = new Map(split.states.map((state) => [`${state.relation.schema}.${state.relation.identifier}`, state]));
  const relation = (table: string): Relation => states.get(table)?.relation ?? around.relation(table);
  const keysOf: TableKeys = (table) => {
    const state = states.get(table);
    return state === undefined ? around.keysOf(table) : [state.columns.slice(0, state.keyCount).map((one) => one.name)];
  };
  // Beside what the model sees, a state has columns that change by themselves.
  const width = (table: string): number => (states.has(table) ? Infinity : around.width(table));
  const rest = analyseTree(split.tree, columns, declaredKey, { ...around, relation, keysOf, width });
  if (rest.reason !== null || rest.inputs.some((input) => input.whole !== null)) return null;
  return {
    ...rest,
    reads: plain.reads,
    uniqueKeys: plain.uniqueKeys,
    neverNull: plain.neverNull,
    keyNeverNull: rest.key.every((column) => plain.neverNull.includes(column)),
    states: split.states,
    writtenSql: (alias) =>
      namedAs(
        toSql(split.tree, (get) => ident(alias(relation(get.table)))),
        columns,
      ),
  };
}

/** A written SELECT (columns c0, c1, ...) with the names and types of the model's columns. */
function namedAs(sql: string | null, columns: readonly CatalogColumn[]): string | null {
  if (sql === null) return null;
  const list = columns.map(({ name, type }, at) => `cast(q.c${at} as ${type}) as ${ident(name)}`);
  return `select ${list.join(', ')} from (${sql}) q`;
}

function analyseTree(
  tree: Rel,
  columns: readonly CatalogColumn[],
  declaredKey: readonly string[],
  around: Surroundings,
  conditions: Conditions = new Map(),
): AnalysedModel {
  const unique = uniqueKeys(tree, around.keysOf);
  const named = unique.map((key) => [...key].map((index) => columns[index]?.name as string));
  const present = neverNull(tree, around.neverNull);
  const unstable = callsOf(tree).find((call) => call.stability !== 'stable');
  const reason = whyNever(tree, unstable?.fn);
  const locality = reason === null ? chooseKey(tree, columns, unique, declaredKey) : null;
  const carriers = locality === null ? null : carriersOf(tree, locality.key, columns);
  const inputs = inputsOf(tree, carriers, locality, { ...around, conditions }, reason);
  const whole = inputs.filter((input) => input.whole !== null);
  const all = inputs.length > 0 && whole.length === inputs.length;
  return {
    tree,
    reads: inputs.map((input) => input.relation),
    states: [],
    writtenSql: () => null,
    key: locality?.key.map((index) => columns[index]?.name as string) ?? [],
    keyNeverNull: locality?.key.every((index) => present.has(index)) ?? false,
    uniqueKeys: named,
    neverNull: columns.filter((_, at) => present.has(at)).map(({ name }) => name),
    inputs,
    domains: locality === null ? [] : domainsOf(locality, around),
    volatile: unstable !== undefined,
    reason: reason ?? (all ? [...new Set(whole.map((input) => input.whole as string))].join('; ') : null),
  };
}

/** What no key can help with. */
function whyNever(tree: Rel, unstable: string | undefined): string | null {
  if (unstable !== undefined) return `${unstable}() gives another value each time`;
  const all = operators(tree);
  // Where no column of a table is read (`count(*)`), DuckDB's plan has the rowid in their place.
  if ([...columnsRead(tree).values()].some((columns) => columns.has('rowid')))
    return 'a rowid changes whenever its row is replaced';
  // DuckDB 1.5 takes the filter of any join around it below DISTINCT ON, and so may choose another row: the SELECT must not
  // be put into joins of ours, whichever table they restrict.
  return all.some((rel) => rel.op === 'distinct' && rel.on !== null) ? 'distinct on' : null;
}

function notAnalysed(reason: string): AnalysedModel {
  const nothing = { tree: null, reads: [], states: [], writtenSql: () => null };
  return {
    ...nothing,
    key: [],
    keyNeverNull: false,
    uniqueKeys: [],
    neverNull: [],
    inputs: [],
    domains: [],
    volatile: false,
    reason,
  };
}

function inputsOf(
  tree: Rel,
  carriers: readonly Carrier[] | null,
  locality: Locality | null,
  around: Surroundings & { readonly conditions: Conditions },
  reason: string | null,
): Omit<PlanInput, 'alias'>[] {
  const read = columnsRead(tree);
  const gets = operators(tree).filter((rel) => rel.op === 'get');
  const tables = [...new Set(gets.map((get) => get.table))];
  return tables.map((table) => {
    const own = gets.filter((get) => get.table === table);
    const uses = locality?.uses.filter((use) => use.get.table === table) ?? [];
    // What names the touched values counts as read, also where the result does not show it (an unused window).
    const watched = (get: Get): string[] => {
      const named = uses.filter((use) => use.get === get).flatMap((use) => [...refs(...use.exprs)]);
      return [...new Set([...(read.get(get.id) ?? []), ...named.map((index) => get.columns[index] as string)])];
    };
    const columns = [...new Set(own.flatMap(watched))];
    const texts = uses.map(({ get, domain, exprs }): InputUse | null => {
      const values = valuesOf(get, exprs);
      if (values === null || !hasText(domain)) return null;
      const read = watched(get);
      const everyColumn = read.length === around.width(table);
      return { domain: domain.id, values, columns: read, everyColumn, ...conditionOf(get, around.conditions) };
    });
    const whole =
      reason ??
      own.map((get) => locality?.whole.get(get)).find((why) => why !== undefined) ??
      (texts.includes(null) ? 'its key is an expression that SQL cannot give back' : null);
    return {
      relation: around.relation(table),
      columns,
      uses: whole === null ? texts.filter((use) => use !== null) : [],
      unique: whole === null && own.length === 1 && isUnique(uses, around),
      carriesKey: own.length === 1 && carriers?.length === 1 && carriers[0]?.get === own[0],
      whole,
    };
  });
}

type Conditions = ReturnType<typeof ownConditions>;

/** A condition that fails on values which other conditions keep from it lets them pass. */
function conditionOf(get: Get, conditions: Conditions): Pick<InputUse, 'condition'> {
  const ways = conditions.get(get)?.map((all) => all.flatMap((one) => valuesOf(get, [one]) ?? []));
  if (ways === undefined || ways.some((texts) => texts.length === 0)) return {};
  const written = ways.map((texts) => texts.map((one) => `coalesce(try(coalesce(${one}, false)), true)`).join(' and '));
  return { condition: `(${written.join(' or ')})` };
}

/** A scan whose rows give rows of a model their key, with the key over its columns. */
interface Carrier {
  readonly get: Get;
  readonly exprs: readonly Expr[];
}

/** Those that give all rows their key: several for a union; null where some have it from elsewhere. */
function carriersOf(tree: Rel, key: readonly number[], output: readonly CatalogColumn[]): Carrier[] | null {
  const exprs = key.map((index) => ref(index, output[index]?.type ?? ''));
  return trace(tree, exprs, false);
}

/** Whether a place where a table is read is restricted by plain columns that are unique in it, and by the key itself. */
function isUnique([use]: readonly Use[], { keysOf }: Surroundings): boolean {
  if (use === undefined || use.domain.parent !== null) return false;
  const { get, exprs } = use;
  const columns = exprs.map((expr) => (expr.kind === 'ref' ? get.columns[expr.index] : undefined));
  return keysOf(get.table).some((key) => key.every((column) => columns.includes(column)));
}

function domainsOf({ domains }: Locality, around: Surroundings): PlanDomain[] {
  return domains.map(({ width, parent, step }) => ({
    width,
    parent: parent?.id ?? null,
    hops: step.map(({ get, own, leadsTo }) => ({
      relation: around.relation(get.table),
      own: valuesOf(get, own) ?? [],
      leadsTo: valuesOf(get, leadsTo) ?? [],
    })),
  }));
}

/** Whether all lookups from a domain to the key can be written. */
function hasText({ step, parent }: Domain): boolean {
  const written = step.every(({ get, own, leadsTo }) => valuesOf(get, own) !== null && valuesOf(get, leadsTo) !== null);
  return written && (parent === null || hasText(parent));
}

/** Expressions over a scan as SQL over its row `i`. */
function valuesOf(get: Get, exprs: readonly Expr[]): string[] | null {
  const texts = exprs.map((expr) => textOf(expr, (index) => `i.${ident(get.columns[index] as string)}`));
  return texts.includes(null) ? null : (texts as string[]);
}
