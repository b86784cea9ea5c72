import { LensError } from '../core/errors.ts';
import type { Connection } from '../warehouse/connection.ts';
import { qualified } from '../warehouse/sql.ts';
import type { MaintenancePlan } from './maintenance-plan.ts';

/** Offending keys that are shown. */
const EXAMPLES = 5;

/**
 * Refuses rows that share a declared `unique_key`: MODEL_KEY_NOT_UNIQUE with some of them. Nulls are values like any other. Asks
 * nothing where the plan has no key to check, since none is declared or it follows from the SQL.
 *
 * @param rows FROM clause of the rows that may share a key with another
 */
export async function requireUnique(connection: Connection, plan: MaintenancePlan, rows: string): Promise<void> {
  if (plan.checkedKey.length === 0) return;
  const keys = plan.checkedKey.map((_, at) => `k${at}`);
  const texts = plan.checkedKey.map((_, at) => `coalesce(cast(to_json(k${at}) as varchar), 'null') as k${at}`);
  const found = await connection.rows<Record<string, string | number>>(
    `select ${texts.join(', ')}, n, count(*) over () as keys from (
       select ${named(plan)}, count(*) as n from ${rows} t group by ${keys.join(', ')} having count(*) > 1
     ) order by n desc, ${keys.join(', ')} limit ${EXAMPLES}`,
  );
  if (found.length > 0) throw notUnique(plan, found);
}

/** FROM clause of the stored rows that have a key of some others: what a change can have made alike. */
export function rowsWithKeysOf(plan: MaintenancePlan, changed: string): string {
  const { schema, identifier } = plan.relation;
  const match = plan.checkedKey.map((sql, at) => `${sql} is not distinct from c.k${at}`).join(' and ');
  return `(select s.* from ${qualified(schema, identifier)} s semi join (select ${named(plan)} from ${changed}) c on ${match})`;
}

function named({ checkedKey }: MaintenancePlan): string {
  return checkedKey.map((sql, at) => `${sql} as k${at}`).join(', ');
}

function notUnique(plan: MaintenancePlan, found: readonly Readonly<Record<string, string | number>>[]): LensError {
  const key = plan.checkedKey.map((sql) => sql.replaceAll('"', ''));
  const examples = found.map((row) => ({ key: key.map((_, at) => String(row[`k${at}`])), rows: Number(row['n']) }));
  const shown = examples.map(
    (one) => `${key.map((name, at) => `${name} = ${one.key[at]}`).join(', ')} in ${one.rows} rows`,
  );
  const more = Number(found[0]?.['keys']) - found.length;
  const others = more > 0 ? `; and ${more} more` : '';
  return new LensError(
    'MODEL_KEY_NOT_UNIQUE',
    `the unique_key (${key.join(', ')}) of model ${plan.model} is not unique: ${shown.join('; ')}${others}`,
    {
      place: plan.model,
      hint: `its rows are those of the last commit without them; have its SELECT keep one row of each (qualify row_number() over (partition by ${key.join(', ')} order by ...) = 1), change its unique_key, or publish records that correct it: it is tried again at every compaction and by lens run`,
      fields: { model: plan.model, key, examples },
    },
  );
}
