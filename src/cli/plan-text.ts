import type { Model } from '../project/project-contract.ts';
import type { AskedRows } from '../project/questions.ts';
import { plainText } from '../maintenance/analysis/text.ts';
import type { GatePlan } from '../maintenance/gate-plan.ts';
import type {
  AggregateState,
  ColumnCaution,
  InputUse,
  MaintenancePlan,
  PlanInput,
} from '../maintenance/maintenance-plan.ts';
import { summaryOf } from '../maintenance/plan-summary.ts';
import { hintsOf } from '../maintenance/reasons.ts';
import type { CostSeen, ModelSeen } from './models-seen.ts';
import { counted, duration } from './numbers.ts';

/** A plan with what else is told of it. */
export interface ExplainedPlan extends MaintenancePlan, ModelSeen {
  /** What would have the model kept by keys, or none of its inputs read whole. */
  readonly hints: readonly string[];
  /** What is an error at start. */
  readonly refused: readonly string[];
  /** The data tests with `gate: true` on it, or on a source that it reads. */
  readonly gates: readonly ExplainedGate[];
  /** Rows that its template has asked for: its SQL follows from them. */
  readonly asked: readonly AskedRows[];
}

export interface ExplainedGate {
  readonly test: string;
  readonly upkeep: GatePlan['upkeep'];
  /** By which its failing rows are found for what a batch touches. */
  readonly key: readonly string[];
  /** Why it is run over all rows; null when the touched keys are enough. */
  readonly whole: string | null;
}

/** `its SQL follows from 3 rows of main.stg, as of TIME (12 records applied)`. */
function answerText({ rows, reads, since, newer }: AskedRows['answer']): string {
  const of = reads.map(({ schema, identifier }) => `${schema}.${identifier}`).join(', ') || 'the clock';
  const when = since === null ? 'over empty tables' : `as of ${since.at} (${counted(since.records, 'record')} applied)`;
  const other = newer === undefined || newer === null ? '' : `; those there are now are not taken: ${newer}`;
  return `its SQL follows from ${counted(rows.length, 'row')} of ${of}, ${when}${other}`;
}

/** The gates that a plan is shown with. */
export function explainedGates(gates: readonly GatePlan[], model: Model): ExplainedGate[] {
  const own = gates.filter(({ test: { target, dependsOn } }) => {
    if (dependsOn.models.includes(model.name)) return true;
    return target?.kind === 'source' && model.dependsOn.sourceNames.includes(target.name);
  });
  return own.map(({ test, upkeep, plan, whole }) => ({ test: test.name, upkeep, key: plan.key, whole }));
}

function gateText({ test, upkeep, key, whole }: ExplainedGate): string {
  const when = upkeep === 'batch' ? 'in each batch' : 'in each compaction';
  const how = whole === null ? `for the touched ${key.join(', ')}` : `over all rows, since ${whole}`;
  return `gate ${test}: asked ${when} ${how}`;
}

/** The hints of a plan's own reason, and of its inputs. */
export function planHints({ reason, inputs }: MaintenancePlan): string[] {
  const reasons = [reason, ...inputs.map(({ whole }) => whole)].filter((one) => one !== null);
  return [...new Set(reasons.flatMap(hintsOf))];
}

/** A maintenance plan for people: when and by what a model is redone, and what each table it reads has to do with it. */
export function planText(plan: ExplainedPlan): string {
  const lines = [`${plan.model}: ${summaryOf(plan)}`];
  if (plan.failure !== null) lines.push(`  failed: ${plan.failure}`);
  if (plan.reason !== null) lines.push(`  because ${plan.reason}`);
  return [...lines, ...planDetails(plan).map((line) => `  ${line}`)].join('\n');
}

/** All of it but the summary and its reason, a line each. */
export function planDetails(plan: ExplainedPlan): string[] {
  return [
    ...(plan.strategy === 'view' ? [] : plan.hints.map((hint) => `hint: ${hint}`)),
    ...plan.refused.map((why) => `error at start: ${why}`),
    ...cautionLines(plan),
    ...plan.inputs
      // of a kept aggregate is told below what it is: its columns are ours
      .filter(({ relation }) => !plan.states.some((state) => state.relation.name === relation.name))
      .flatMap((input) => [input.relation.name, ...inputLines(plan, input).map((line) => `  ${line}`)]),
    ...plan.states.map((state) => `${state.relation.name}: ${stateText(state)}`),
    ...plan.gates.map(gateText),
    ...plan.asked.map(({ answer }) => answerText(answer)),
    ...(plan.cost === null ? [] : [`cost so far: ${costText(plan.cost, plan.upkeep)}`]),
  ];
}

/** `lifetime: sum of DOUBLE, ...`: columns with the same caution together. */
function cautionLines({ cautions, columns, strategy }: MaintenancePlan): string[] {
  const by = Map.groupBy(cautions, ({ kind, what }) => `${kind} ${what}`);
  return [...by.values()].map((same) => {
    const [{ kind, what }] = same as [ColumnCaution];
    const names = same.length === columns.length ? 'all columns' : same.map(({ column }) => column).join(', ');
    if (kind === 'order') return `warning: ${names}: ${what}: DuckDB takes any, so order by something unique as well`;
    const kept = strategy === 'recompute keys' ? ', kept by redoing its groups' : '';
    return `${names}: ${what}${kept}; compared to 9 digits by verify`;
  });
}

function costText(cost: CostSeen, upkeep: MaintenancePlan['upkeep']): string {
  const { upkeeps, rowsChanged, milliseconds, rebuilds, rebuildMilliseconds, lastAt } = cost;
  const times = upkeep === 'batch' ? counted(upkeeps, 'batch', 'batches') : counted(upkeeps, 'compaction');
  const each = upkeeps === 0 ? [] : [`${duration(milliseconds)} (${duration(milliseconds / upkeeps)} each)`];
  const parts = [times, ...(upkeeps === 0 ? [] : [`${counted(rowsChanged, 'row')} changed`]), ...each];
  if (rebuilds > 0) parts.push(`${counted(rebuilds, 'rebuild')} in ${duration(rebuildMilliseconds)}`);
  return `${parts.join(', ')}, last ${lastAt}`;
}

/** `count, sum of raw_orders by customer_id, kept from changes alone`. */
function stateText({ values, branches, keyNames }: AggregateState): string {
  const kinds = values.map(({ kind, distinct }) => `${distinct ? 'distinct ' : ''}${WORDS[kind] ?? kind}`);
  const tables = branches.flatMap(({ main, lookups }) => [main, ...lookups].map(({ relation }) => relation.name));
  const of = [...new Set(tables)].join(', ');
  return `${[...new Set(kinds)].join(', ')} of ${of} by ${keyNames.map(plainText).join(', ')}, kept from changes alone`;
}

const WORDS: Readonly<Record<string, string>> = { avg: 'average', every: 'bool_and', some: 'bool_or' };

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
