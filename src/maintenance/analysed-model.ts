import { LensError } from '../core/errors.ts';
import type { PlanCatalog, CatalogColumn } from '../warehouse/plan-catalog.ts';
import { columnsRead } from './analysis/columns-read.ts';
import { planTree } from './analysis/duckdb/bound-plan.ts';
import type { StabilityOf } from './analysis/duckdb/bound-expression.ts';
import { callsOf, operators } from './analysis/expressions.ts';
import type { Domain, Locality } from './analysis/locality.ts';
import type { Expr, Get, Rel, Stability } from './analysis/plan-tree.ts';
import { textOf } from './analysis/text.ts';
import { type TableKeys, uniqueKeys } from './analysis/unique-keys.ts';
import { ident } from '../warehouse/sql.ts';
import { chooseKey } from './key-choice.ts';
import type { InputUse, PlanDomain, PlanInput, Relation } from './maintenance-plan.ts';

/** What the analysis of one SELECT gives. */
export interface AnalysedModel {
  /** Empty when no key serves. */
  readonly key: readonly string[];
  readonly uniqueKeys: readonly (readonly string[])[];
  readonly inputs: readonly Omit<PlanInput, 'alias'>[];
  readonly domains: readonly PlanDomain[];
  readonly volatile: boolean;
  /** Why it cannot be kept by keys, for people; null when it can. */
  readonly reason: string | null;
}

/** What the analysis knows of the relations a SELECT may read. */
export interface Surroundings {
  /** Of a table of the catalog. */
  relation(table: string): Relation;
  readonly keysOf: TableKeys;
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

/** Analyses a SELECT that binds in the catalog. `columns`: its output. */
export async function analyse(
  catalog: PlanCatalog,
  sql: string,
  columns: readonly CatalogColumn[],
  declaredKey: readonly string[],
  around: Surroundings,
): Promise<AnalysedModel> {
  const answer = await catalog.plan(sql);
  if ('why' in answer) return notAnalysed(`DuckDB gives no plan: ${answer.why}`);
  const tree = planTree(answer.plan, around.stability);
  if (tree.width !== columns.length) {
    throw new LensError('INTERNAL', `the plan of a model has ${tree.width} columns, its SELECT ${columns.length}`);
  }
  const unique = uniqueKeys(tree, around.keysOf);
  const named = unique.map((key) => [...key].map((index) => columns[index]?.name as string));
  const unstable = callsOf(tree).find((call) => call.stability !== 'stable');
  const reason = whyNever(tree, unstable?.fn);
  const locality = reason === null ? chooseKey(tree, columns, unique, declaredKey) : null;
  const inputs = inputsOf(tree, locality, around, reason);
  const whole = inputs.filter((input) => input.whole !== null);
  const all = inputs.length > 0 && whole.length === inputs.length;
  return {
    key: locality?.key.map((index) => columns[index]?.name as string) ?? [],
    uniqueKeys: named,
    inputs,
    domains: locality === null ? [] : domainsOf(locality, around),
    volatile: unstable !== undefined,
    reason: reason ?? (all ? [...new Set(whole.map((input) => input.whole as string))].join('; ') : null),
  };
}

/** What no key can help with. */
function whyNever(tree: Rel, unstable: string | undefined): string | null {
  if (unstable !== undefined) return `${unstable}() gives another value each time`;
  const rowid = operators(tree).some((rel) => rel.op === 'get' && rel.columns.includes('rowid'));
  return rowid ? 'a rowid changes whenever its row is replaced' : null;
}

function notAnalysed(reason: string): AnalysedModel {
  return { key: [], uniqueKeys: [], inputs: [], domains: [], volatile: false, reason };
}

function inputsOf(
  tree: Rel,
  locality: Locality | null,
  around: Surroundings,
  reason: string | null,
): Omit<PlanInput, 'alias'>[] {
  const read = columnsRead(tree);
  const gets = operators(tree).filter((rel) => rel.op === 'get');
  const tables = [...new Set(gets.map((get) => get.table))];
  return tables.map((table) => {
    const own = gets.filter((get) => get.table === table);
    const columns = [...new Set(own.flatMap((get) => [...(read.get(get.id) ?? [])]))];
    const uses = locality?.uses.filter((use) => use.get.table === table) ?? [];
    const texts = uses.map(({ get, domain, exprs }): InputUse | null => {
      const values = valuesOf(get, exprs);
      return values === null || !hasText(domain)
        ? null
        : { domain: domain.id, values, columns: [...(read.get(get.id) ?? [])] };
    });
    const whole =
      reason ??
      own.map((get) => locality?.whole.get(get)).find((why) => why !== undefined) ??
      (texts.includes(null) ? 'its key is an expression that SQL cannot give back' : null);
    return {
      relation: around.relation(table),
      columns,
      uses: whole === null ? texts.filter((use) => use !== null) : [],
      whole,
    };
  });
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
