import type {
  AggregateState,
  InputUse,
  MaintenancePlan,
  PlanInput,
} from '../../../src/maintenance/maintenance-plan.ts';

/** All that a plan decides but its SQL, one line each, so that a change of the analysis or of DuckDB reads as a diff. */
export function decisionText(plan: MaintenancePlan): string {
  const rows = `${plan.uniqueKey ? 'one row a key' : 'any rows a key'}${plan.keyNeverNull ? ', never null' : ''}`;
  const by = plan.key.length === 0 ? '' : ` by ${plan.key.join(', ')}`;
  const lines = [
    `${plan.model}: ${plan.strategy}${by}, ${plan.upkeep}, ${rows}${plan.nondeterministic.length > 0 ? ', nondeterministic' : ''}`,
    ...(plan.reason === null ? [] : [`  because ${plan.reason}`]),
    ...plan.inputs.flatMap((input) => inputLines(plan, input)),
    ...plan.states.map((state) => `  ${withoutHash(state.relation.name)} keeps ${stateText(state)}`),
  ];
  return lines.join('\n');
}

function inputLines(plan: MaintenancePlan, input: PlanInput): string[] {
  const unique = `${input.unique ? ', one row a key' : ''}${input.carriesKey ? ', carries the key' : ''}`;
  const whole = input.whole === null ? '' : `, whole: ${input.whole}`;
  const head = `  ${withoutHash(input.relation.name)}: watches ${input.columns.join(', ') || 'nothing'}${unique}${whole}`;
  return [head, ...input.uses.map((use) => `    ${way(plan, use)}${of(use, input)}`)];
}

/** The columns of one place, where several places read different ones. */
function of({ columns }: InputUse, input: PlanInput): string {
  return input.uses.length > 1 && columns.length < input.columns.length
    ? ` (of ${columns.join(', ') || 'nothing'})`
    : '';
}

/** `a -> id in facts`: how a changed row leads to the key. */
function way(plan: MaintenancePlan, { domain, values }: InputUse): string {
  const steps = [values.map(plain).join(', ')];
  for (let at = plan.domains[domain]; at !== undefined && at.parent !== null; at = plan.domains[at.parent]) {
    const hops = at.hops.map(
      ({ relation, own, leadsTo }) =>
        `${withoutHash(relation.name)}(${own.map(plain).join(', ')} -> ${leadsTo.map(plain).join(', ')})`,
    );
    steps.push(hops.join(' or '));
  }
  return steps.join(' by ');
}

function stateText({ values, branches, keyNames, alters }: AggregateState): string {
  const kinds = values.map(({ kind, argument, distinct, filtered, type }) => {
    const what = kind === 'count' && argument === null ? 'count(*)' : kind;
    return `${what}${distinct ? ' distinct' : ''}${filtered ? ' filtered' : ''} ${type}`;
  });
  const rows = branches.map(({ main, lookups }) =>
    [main, ...lookups].map(({ relation }) => withoutHash(relation.name)).join(' with '),
  );
  const bears = alters === null ? '' : `, for ${alters.join(', ') || 'nothing'}`;
  return `${kinds.join(', ') || 'groups'} of ${rows.join(' and ')} by ${keyNames.join(', ')}${bears}`;
}

function plain(value: string): string {
  return value.replaceAll(/\bi\."((?:[^"]|"")+)"/g, '$1');
}

/** A state's name ends in a hash of its definition, which says nothing to a reader. */
function withoutHash(name: string): string {
  return name.replace(/^(state_.+)_[0-9a-f]{8}$/, '$1');
}
