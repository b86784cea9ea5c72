import type { Connection } from '../warehouse/connection.ts';
import { ident } from '../warehouse/sql.ts';
import type { Changes, ChangeSet } from './change-set.ts';
import type { InputUse, MaintenancePlan } from './maintenance-plan.ts';
import type { TouchedKeys } from './touched-keys.ts';

/**
 * Rows that stand in for an input, by its name: where the touched keys are all keys of changed rows of the input, and each key
 * is of one row at most, the rows that came are all that it has for them. So a batch of new facts does not look into the
 * table of all facts.
 */
export type FreshInputs = ReadonlyMap<string, string>;

/** Finds such inputs; one round trip when there is a candidate. */
export async function freshInputs(
  connection: Connection,
  plan: MaintenancePlan,
  keys: TouchedKeys,
  changes: Changes,
): Promise<FreshInputs> {
  const candidates: { name: string; change: ChangeSet; sql: string }[] = [];
  for (const { relation, uses, unique } of plan.inputs) {
    const change = changes.get(relation.name);
    const [use, second] = uses;
    if (!unique || change === undefined || change === 'everything' || use === undefined || second !== undefined)
      continue;
    candidates.push({ name: relation.name, change, sql: countOthers(keys, change, use) });
  }
  if (candidates.length === 0) return new Map();
  const counts = candidates.map(({ sql }, at) => `(${sql}) as c${at}`).join(', ');
  const [row] = await connection.rows<Record<string, number>>(`select ${counts}`);
  return new Map(
    candidates.filter((_, at) => row?.[`c${at}`] === 0).map(({ name, change }) => [name, change.rowsIn] as const),
  );
}

/** How many touched keys are none of a changed row. */
function countOthers(keys: TouchedKeys, change: ChangeSet, { values }: InputUse): string {
  const list = values.map((value, at) => `${value} as k${at}`).join(', ');
  const changed = [change.rowsIn, ...(change.onlyIn ? [] : [change.rowsOut])].map(
    (rows) => `select ${list} from ${rows} i`,
  );
  const equal = keys.hasNull ? 'is not distinct from' : '=';
  const match = keys.columns.map((column, at) => `t.${ident(column)} ${equal} c.k${at}`).join(' and ');
  return `select count(*) from ${keys.table} t anti join (${changed.join(' union all ')}) c on ${match}`;
}
