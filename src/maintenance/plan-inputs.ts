import type { CatalogColumn } from '../warehouse/plan-catalog.ts';
import { ident } from '../warehouse/sql.ts';
import { columnsRead } from './analysis/columns-read.ts';
import { operators, ref, refs } from './analysis/expressions.ts';
import type { Domain, Locality, Use } from './analysis/locality.ts';
import { trace } from './analysis/lookup-paths.ts';
import type { ownConditions } from './analysis/own-conditions.ts';
import type { Expr, Get, Rel } from './analysis/plan-tree.ts';
import { textOf } from './analysis/text.ts';
import type { InputUse, PlanDomain, PlanInput } from './maintenance-plan.ts';
import type { Reason } from './reasons.ts';
import type { Surroundings } from './surroundings.ts';

/** The tables that a tree reads, with how their rows name touched values. */
export function inputsOf(
  tree: Rel,
  carriers: readonly Carrier[] | null,
  locality: Locality | null,
  around: Surroundings & { readonly conditions: Conditions },
  reason: Reason | null,
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
      const everyColumn = read.length === around.columns(table).length;
      return { domain: domain.id, values, columns: read, everyColumn, ...conditionOf(get, around.conditions) };
    });
    const whole =
      reason ??
      own.map((get) => locality?.whole.get(get)).find((why) => why !== undefined) ??
      (texts.includes(null) ? 'its key is an expression that SQL cannot give back' : null);
    return {
      relation: around.relation(table),
      columns,
      unread: own.length < 2 ? [] : around.columns(table).filter(({ name }) => !columns.includes(name)),
      uses: whole === null ? texts.filter((use) => use !== null) : [],
      unique: whole === null && own.length === 1 && isUnique(uses, around),
      carriesKey: own.length === 1 && carriers?.length === 1 && carriers[0]?.get === own[0],
      whole,
    };
  });
}

export type Conditions = ReturnType<typeof ownConditions>;

/** A condition that fails on values which other conditions keep from it lets them pass. */
function conditionOf(get: Get, conditions: Conditions): Pick<InputUse, 'condition'> {
  const ways = conditions.get(get)?.map((all) => all.flatMap((one) => valuesOf(get, [one]) ?? []));
  if (ways === undefined || ways.some((texts) => texts.length === 0)) return {};
  const written = ways.map((texts) => texts.map((one) => `coalesce(try(coalesce(${one}, false)), true)`).join(' and '));
  return { condition: `(${written.join(' or ')})` };
}

/** A scan whose rows give rows of a model their key, with the key over its columns. */
export interface Carrier {
  readonly get: Get;
  readonly exprs: readonly Expr[];
}

/** Those that give all rows their key: several for a union; null where some have it from elsewhere. */
export function carriersOf(tree: Rel, key: readonly number[], output: readonly CatalogColumn[]): Carrier[] | null {
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

/** The domains of a key, as the plan has them. */
export function domainsOf({ domains }: Locality, around: Surroundings): PlanDomain[] {
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
