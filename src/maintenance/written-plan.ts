import type { AnalysedModel, ModelToAnalyse } from './analysed-model.ts';
import type { MaintenancePlan, Relation } from './maintenance-plan.ts';

/** How a SELECT names what it reads. */
export type Naming = (relation: { readonly schema: string; readonly identifier: string }) => string;

/** A SELECT that reads its inputs by the names that `alias` gives. */
export interface Written {
  readonly sql: string;
  readonly alias: Naming;
}

export const ourName: Naming = ({ schema, identifier }) => `lens ${schema}.${identifier}`;
export const ownName: Naming = ({ identifier }) => identifier;

/** What the analysis found, as a plan by keys in each batch. */
export function planOf(
  relation: Relation,
  { name, sql: fullSql, columns }: ModelToAnalyse,
  { reads, states, inputs, key, keyNeverNull, uniqueKeys, domains, cautions }: AnalysedModel,
  { sql: bareSql, alias }: Written,
): MaintenancePlan {
  return {
    model: name,
    relation,
    strategy: 'recompute keys',
    upkeep: 'batch',
    key,
    reads,
    states,
    inputs: inputs.map((input) => ({ ...input, alias: alias(input.relation) })),
    domains,
    fullSql,
    bareSql,
    keyNeverNull,
    uniqueKey: uniqueKeys.some((unique) => unique.every((column) => key.includes(column))),
    distinctRows: uniqueKeys.length > 0,
    columns,
    checkedKey: [],
    constraints: [],
    keepsColumns: false,
    cautions,
    nondeterministic: [],
    reason: null,
  };
}
