import { ident, qualified } from '../warehouse/sql.ts';
import { type FreshInputs, NOTHING_FRESH } from './fresh-inputs.ts';
import type { MaintenancePlan, PlanInput } from './maintenance-plan.ts';
import { domainOf, equals, leads, type TouchedKeys } from './touched-keys.ts';

/**
 * Common table expressions that stand in for the inputs of a plan, by their aliases: the rows that matter to the touched
 * keys in one of the places where the model reads them; whole, where the plan says so (a superset is harmless). The
 * expressions of the values that they are restricted by stand in front of them.
 */
export function restrictedInputs(
  plan: MaintenancePlan,
  keys: TouchedKeys,
  standIns: FreshInputs['standIns'] = NOTHING_FRESH.standIns,
): string[] {
  const domains = new Map<number, string>();
  const expressions: string[] = [];
  /** The name of a common table expression with the values of a domain that the touched keys need. */
  const valuesOf = (id: number): string => {
    const name = domains.get(id) ?? `lens_values_${id}`;
    if (domains.has(id)) return name;
    domains.set(id, name);
    const domain = domainOf(plan, id);
    const { parent } = domain;
    const sql =
      parent === null
        ? `select ${keys.columns.map((column, at) => `${ident(column)} as k${at}`).join(', ')} from ${keys.table}`
        : leads(
            domain,
            () => `select * from ${valuesOf(parent)}`,
            'leadsTo',
            'own',
            parent === 0 ? standIns : undefined,
          );
    expressions.push(`${name} as (${sql})`);
    return name;
  };
  for (const input of plan.inputs) {
    const standIn = standIns.get(input.relation.name);
    if (standIn !== undefined) {
      expressions.push(`${ident(input.alias)} as (from ${standIn})`);
      continue;
    }
    const rows = `select ${columnsOf(input)} from ${qualified(input.relation.schema, input.relation.identifier)} i`;
    const restrictions = input.uses.map(({ domain, values, condition }) => {
      const equal = domain === 0 ? equals(keys, input.relation) : 'is not distinct from';
      const match = values.map((value, at) => `${value} ${equal} v.k${at}`).join(' and ');
      return { from: valuesOf(domain), match: condition === undefined ? match : `${match} and ${condition}` };
    });
    expressions.push(`${ident(input.alias)} as (${input.whole === null ? restricted(rows, restrictions) : rows})`);
  }
  return expressions;
}

function columnsOf({ unread }: PlanInput): string {
  const nulls = unread.map(({ name, type }) => `null::${type} as ${ident(name)}`);
  return nulls.length === 0 ? 'i.*' : `i.* replace (${nulls.join(', ')})`;
}

/**
 * Whether inputs restricted so can give no rows of other keys: all have their key from one input, whose rows are restricted by it and
 * by nothing else. Rows that stand in for it are those of touched keys where every column is watched.
 */
export function bringsOnlyKeys({ inputs }: MaintenancePlan, standIns: FreshInputs['standIns']): boolean {
  const carrier = inputs.find((input) => input.carriesKey);
  const [use, second] = carrier?.uses ?? [];
  if (carrier === undefined || use?.domain !== 0 || second !== undefined || carrier.whole !== null) return false;
  return use.everyColumn || !standIns.has(carrier.relation.name);
}

/** Rows that match any of the restrictions, each row once. */
function restricted(rows: string, restrictions: readonly { from: string; match: string }[]): string {
  const [first, ...others] = [...new Map(restrictions.map((one) => [`${one.from} ${one.match}`, one])).values()];
  if (first === undefined) return `${rows} where false`;
  if (others.length === 0) return `${rows} semi join ${first.from} v on ${first.match}`;
  const any = [first, ...others].map(({ from, match }) => `exists (from ${from} v where ${match})`);
  return `${rows} where ${any.join(' or ')}`;
}
