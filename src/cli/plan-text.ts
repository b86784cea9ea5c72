import { plainText } from '../maintenance/analysis/text.ts';
import type { AggregateState, InputUse, MaintenancePlan, PlanInput } from '../maintenance/maintenance-plan.ts';

/** A maintenance plan for people: when and by what a model is redone, and what each table it reads has to do with it. */
export function planText(plan: MaintenancePlan): string {
  const lines = [`${plan.model}: ${summary(plan)}`];
  if (plan.reason !== null) lines.push(`  because ${plan.reason}`);
  for (const input of plan.inputs)
    lines.push(`  ${input.relation.name}`, ...inputLines(plan, input).map((l) => `    ${l}`));
  for (const state of plan.states) lines.push(`  ${state.relation.name}: ${stateText(state)}`);
  return lines.join('\n');
}

/** `count, sum of raw_orders by customer_id, kept from changes alone`. */
function stateText({ values, branches, keyNames }: AggregateState): string {
  const kinds = values.map(({ kind, distinct }) => `${distinct ? 'distinct ' : ''}${WORDS[kind] ?? kind}`);
  const tables = branches.flatMap(({ main, lookups }) => [main, ...lookups].map(({ relation }) => relation.name));
  const of = [...new Set(tables)].join(', ');
  return `${[...new Set(kinds)].join(', ')} of ${of} by ${keyNames.map(plainText).join(', ')}, kept from changes alone`;
}

const WORDS: Readonly<Record<string, string>> = { avg: 'average', every: 'bool_and', some: 'bool_or' };

function summary({ strategy, upkeep, key }: MaintenancePlan): string {
  const when = { view: 'nothing stored', batch: 'in each batch', compaction: 'by compaction' }[upkeep];
  if (strategy === 'view') return `view, ${when}`;
  return strategy === 'recompute keys' ? `redone by ${key.join(', ')}, ${when}` : `rebuilt ${when}`;
}

function inputLines(plan: MaintenancePlan, input: PlanInput): string[] {
  const columns = `watches ${input.columns.join(', ') || 'whether there are rows'}`;
  if (plan.strategy === 'view') return [`reads ${input.columns.join(', ')}`];
  if (input.whole !== null) return [columns, `any change may touch any row: ${input.whole}`];
  return [columns, ...new Set(input.uses.map((use) => `touches ${path(plan, use)}`))];
}

/** `customer_id -> order_id of raw_orders`: how a changed row leads to the key. */
function path(plan: MaintenancePlan, use: InputUse): string {
  const steps = [use.values.map(plainText).join(', ')];
  for (let domain = plan.domains[use.domain]; domain !== undefined;) {
    const { hops, parent } = domain;
    if (parent === null) break;
    steps.push(
      hops.map(({ relation, leadsTo }) => `${leadsTo.map(plainText).join(', ')} in ${relation.name}`).join(' or '),
    );
    domain = plan.domains[parent];
  }
  return steps.join(' -> ');
}
