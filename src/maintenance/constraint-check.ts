import { LensError } from '../core/errors.ts';
import type { Connection } from '../warehouse/connection.ts';
import { ident } from '../warehouse/sql.ts';
import type { KeptConstraint, MaintenancePlan } from './maintenance-plan.ts';

/** Offending rows that are shown. */
const EXAMPLES = 3;

/** Characters of one that are shown. */
const WIDTH = 200;

/**
 * Refuses rows that break a constraint of the model's enforced contract: MODEL_CONSTRAINT_BROKEN with some of them. As in DuckDB, a check
 * that gives null is kept, and rows with a null are alike to none.
 *
 * @param rows FROM clauses of all rows, and of those among them that came, when the others keep the constraints
 */
export async function requireConstraints(connection: Connection, plan: MaintenancePlan, rows: Rows): Promise<void> {
  for (const constraint of plan.constraints) {
    const broken = brokenBy(constraint, rows);
    const found = await connection.rows<{ row: string; n: number | bigint }>(
      `select left(cast(to_json(b) as varchar), ${WIDTH}) as row, count(*) over () as n from ${broken} b order by 1 limit ${EXAMPLES}`,
    );
    if (found.length > 0) throw brokenError(plan, constraint, found);
  }
}

interface Rows {
  readonly all: string;
  readonly came?: string;
}

function brokenBy(constraint: KeptConstraint, { all, came }: Rows): string {
  if (constraint.kind === 'row') return `(select * from ${came ?? all} where ${constraint.broken})`;
  const columns = constraint.columns.map((column) => ident(column));
  const filled = columns.map((column) => `s.${column} is not null`).join(' and ');
  const same = columns.map((column) => `s.${column} = c.${column}`).join(' and ');
  const changed = came === undefined ? '' : `semi join ${came} c on ${same}`;
  return `(select s.* from ${all} s ${changed} where ${filled} qualify count(*) over (partition by ${columns.map((column) => `s.${column}`).join(', ')}) > 1)`;
}

function brokenError(
  { model }: MaintenancePlan,
  { text }: KeptConstraint,
  found: readonly { readonly row: string; readonly n: number | bigint }[],
): LensError {
  const examples = found.map(({ row }) => row);
  const more = Number(found[0]?.n) - found.length;
  const others = more > 0 ? `; and ${more} more` : '';
  return new LensError(
    'MODEL_CONSTRAINT_BROKEN',
    `the constraint ${text} of model ${model} is broken: ${examples.join('; ')}${others}`,
    {
      place: model,
      hint: 'its rows are those of the last commit without them; have its SELECT leave such rows out, change the constraint, or publish records that correct them: it is tried again at every compaction and by lens run. A data test with gate: true holds such records back',
      fields: { model, constraint: text, examples },
    },
  );
}
