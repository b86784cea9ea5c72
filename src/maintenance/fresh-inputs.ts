import type { Connection } from '../warehouse/connection.ts';
import { ident } from '../warehouse/sql.ts';
import type { Changes, ChangeSet } from './change-set.ts';
import type { InputUse, MaintenancePlan, PlanInput } from './maintenance-plan.ts';
import type { TouchedKeys } from './touched-keys.ts';

/** What the rows that a batch changed tell of a model's touched keys, without a look into the tables they are in. */
export interface FreshInputs {
  /**
   * Rows that stand in for an input, by its name: where the touched keys are all keys of changed rows of the input, and each
   * key is of one row at most, the rows that came are all that it has for them. So a batch of new facts does not look into
   * the table of all facts.
   */
  readonly standIns: ReadonlyMap<string, string>;
  /**
   * For which of the touched keys rows can be stored, where rows stand in for the input that all rows of the model have their
   * key from: those that had a row of it before, as a SELECT, `maybeNone` where it may give none. `none` of keys
   * that are all new.
   */
  readonly stored: 'any' | 'none' | { readonly keys: string; readonly maybeNone: boolean };
}

export const NOTHING_FRESH: FreshInputs = { standIns: new Map(), stored: 'any' };

/** Finds such inputs; one round trip when other inputs of the model have changed, too. */
export async function freshInputs(
  connection: Connection,
  plan: MaintenancePlan,
  keys: TouchedKeys,
  changes: Changes,
): Promise<FreshInputs> {
  const changed = plan.inputs.filter(({ relation }) => changes.has(relation.name));
  const candidates = changed.flatMap((input) => {
    const change = changes.get(input.relation.name);
    const [use, second] = input.uses;
    if (!input.unique || change === undefined || change === 'everything') return [];
    return use === undefined || second !== undefined ? [] : [{ input, change, use }];
  });
  if (candidates.length === 0) return NOTHING_FRESH;
  const fresh = await withoutOthers(connection, keys, candidates, changed.length === 1);
  const carrier = fresh.find(({ input }) => input.carriesKey);
  return {
    standIns: new Map(fresh.map(({ input, change }) => [input.relation.name, change.rowsIn])),
    stored: carrier === undefined ? 'any' : carrier.change.onlyIn ? 'none' : keysBefore(keys, carrier),
  };
}

/** The touched keys of the rows that left. */
function keysBefore(keys: TouchedKeys, { change, use }: Candidate): { keys: string; maybeNone: boolean } {
  if (use.everyColumn) {
    const list = use.values.map((value, at) => `${value} as ${ident(keys.columns[at] as string)}`);
    return { keys: `select ${list.join(', ')} from ${change.rowsOut} i`, maybeNone: false };
  }
  // Others may have left, too, which differ in nothing that the model reads.
  const left = `select ${valuesAs(use)} from ${change.rowsOut} i`;
  return { keys: `select t.* from ${keys.table} t semi join (${left}) c on ${matches(keys)}`, maybeNone: true };
}

interface Candidate {
  readonly input: PlanInput;
  readonly change: ChangeSet;
  readonly use: InputUse;
}

/** Those whose changed rows name all touched keys: the only one that changed does. */
async function withoutOthers(
  connection: Connection,
  keys: TouchedKeys,
  candidates: readonly Candidate[],
  only: boolean,
): Promise<readonly Candidate[]> {
  if (only) return candidates;
  const counts = candidates.map(({ change, use }, at) => `(${countOthers(keys, change, use)}) as c${at}`).join(', ');
  const [row] = await connection.rows<Record<string, number>>(`select ${counts}`);
  return candidates.filter((_, at) => row?.[`c${at}`] === 0);
}

/** How many touched keys are none of a changed row. */
function countOthers(keys: TouchedKeys, change: ChangeSet, use: InputUse): string {
  const list = valuesAs(use);
  const changed = [change.rowsIn, ...(change.onlyIn ? [] : [change.rowsOut])].map(
    (rows) => `select ${list} from ${rows} i`,
  );
  return `select count(*) from ${keys.table} t anti join (${changed.join(' union all ')}) c on ${matches(keys)}`;
}

function valuesAs({ values }: InputUse): string {
  return values.map((value, at) => `${value} as k${at}`).join(', ');
}

function matches(keys: TouchedKeys): string {
  const equal = keys.hasNull ? 'is not distinct from' : '=';
  return keys.columns.map((column, at) => `t.${ident(column)} ${equal} c.k${at}`).join(' and ');
}
