import { visibleValues } from '../maintenance/aggregate-state.ts';
import type { MaintenancePlan } from '../maintenance/maintenance-plan.ts';
import type { Project } from '../project/project-contract.ts';
import { selectModels } from '../project/selector.ts';
import type { Connection } from '../warehouse/connection.ts';
import { ident, idents, qualified } from '../warehouse/sql.ts';
import type { ModelVerification } from './operations.ts';
import { modelStatuses } from './status.ts';

/** Keys of differing rows that are shown, of each side. */
const EXAMPLES = 5;

/**
 * Compares the tables of the selected models, and the states of their aggregates, with what their SELECTs give over the
 * tables they read, all in one snapshot. Raw tables are what was landed, so when each model equals its SELECT over its
 * inputs, all of them equal the models over the records before the checkpoint.
 *
 * A model that is not at the checkpoint (kept by compaction, catching up, failed) is not compared.
 */
export async function verifyModels(
  connection: Connection,
  project: Project,
  plans: readonly MaintenancePlan[],
  select: readonly string[],
): Promise<ModelVerification[]> {
  const selected = new Set(selectModels(project, { select }).map((model) => model.name));
  return await connection.transaction(async () => {
    const statuses = new Map((await modelStatuses(connection, plans, project)).map((one) => [one.name, one]));
    const done: ModelVerification[] = [];
    for (const plan of plans) {
      if (!selected.has(plan.model) || plan.upkeep === 'view') continue;
      const status = statuses.get(plan.model);
      if (status?.state !== 'current') {
        done.push({
          name: plan.model,
          status: 'not compared',
          rows: status?.rows ?? 0,
          stored: 0,
          expected: 0,
          examples: [],
        });
        continue;
      }
      const { schema, identifier } = plan.relation;
      done.push(await compare(connection, plan.model, `from ${qualified(schema, identifier)}`, plan.fullSql, plan.key));
      for (const state of plan.states) {
        const { visible, whole, keys } = visibleValues(state);
        done.push(await compare(connection, `${plan.model} (${state.relation.name})`, visible, whole, keys));
      }
    }
    return done;
  });
}

async function compare(
  connection: Connection,
  name: string,
  stored: string,
  expected: string,
  key: readonly string[],
): Promise<ModelVerification> {
  const [one, other] = [await digest(connection, stored), await digest(connection, expected)];
  const equal = { name, status: 'equal', rows: one.rows, stored: 0, expected: 0, examples: [] } as const;
  if (one.text === other.text) return equal;
  const columns = await connection.describe(`select * from (${stored})`);
  const list = columns.map((column) => comparable(column)).join(', ');
  const minus = (a: string, b: string): string =>
    `select ${list} from (\n${a}\n) except all select ${list} from (\n${b}\n)`;
  const sides = [minus(stored, expected), minus(expected, stored)] as const;
  const [extra, missing] = [
    await connection.number(`select count(*) from (${sides[0]})`),
    await connection.number(`select count(*) from (${sides[1]})`),
  ];
  if (extra + missing === 0) return equal;
  const shown = key.length === 0 ? columns.map((column) => column.name) : key;
  const examples: ModelVerification['examples'][number][] = [];
  for (const [at, side] of sides.entries()) {
    const rows = await connection.rows<{ key: string }>(
      `select cast(to_json(struct_pack(${shown.map((column) => `${ident(column)} := ${ident(column)}`).join(', ')})) as varchar) as key
       from (select ${idents(shown)} from (${side}) order by all limit ${EXAMPLES})`,
    );
    for (const row of rows) examples.push({ side: at === 0 ? 'stored' : 'expected', key: row.key });
  }
  return { name, status: 'different', rows: one.rows, stored: extra, expected: missing, examples };
}

/** The same for the same rows in any order. */
async function digest(connection: Connection, sql: string): Promise<{ rows: number; text: string }> {
  const [row] = await connection.rows<{ n: number; x: unknown; s: unknown }>(
    `select count(*) as n, cast(bit_xor(hash(t)) as varchar) as x, cast(sum(hash(t)::hugeint) as varchar) as s from (\n${sql}\n) t`,
  );
  return { rows: row?.n ?? 0, text: `${row?.n} ${String(row?.x)} ${String(row?.s)}` };
}

/** Doubles that were added up in another order differ in their last digits: they count as equal to nine. */
function comparable({ name, type }: { name: string; type: string }): string {
  const column = ident(name);
  return type === 'DOUBLE' || type === 'FLOAT' ? `printf('%.9e', ${column}) as ${column}` : column;
}
