import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EventLog } from '../../src/log/event-log.ts';
import type { MaintenancePlan } from '../../src/maintenance/maintenance-plan.ts';
import type { Materializer } from '../../src/materializer/materializer.ts';
import type { WhyRecord, WhyTable } from '../../src/materializer/lineage/why-contract.ts';
import type { ResultSink } from '../../src/warehouse/read-only-query.ts';
import { ident, qualified, text } from '../../src/warehouse/sql.ts';
import { histories } from './random-history.ts';
import { LAB } from './why-lab.ts';
import { plansFor, SHIPPED, SHOP, Workshop } from './workshop.ts';

/** Every record in an answer, once. */
function recordsOf(table: WhyTable): WhyRecord[] {
  const all = [...table.rows.flatMap((row) => row.records ?? []), ...table.inputs.flatMap(recordsOf)];
  return [...new Map(all.map((one) => [`${one.topic}/${one.partition}@${one.offset}`, one])).values()];
}

/** Publishes just these records of a log to another, as they are and in their order. */
async function copy(records: readonly WhyRecord[], from: EventLog, to: EventLog): Promise<void> {
  await using writer = await to.write();
  const ordered = [...records].sort((a, b) => a.partition - b.partition || a.offset - b.offset);
  for (const { topic, partition, offset } of ordered) {
    await using reader = await from.read([{ topic, partition, offset }]);
    const block = await reader.next(1000);
    if (block === null || block.offset(0) !== offset) throw new Error(`${topic}/${partition}@${offset} is not there`);
    writer.add(topic, block.key(0), block.value(0), { timestamp: block.timestamp[0] });
  }
  await writer.flush();
}

/** More runs than the gate has time for: LENS_LAW_RUNS=200. A failure prints its seed; fast-check replays it. */
describe.each([
  ['the shipped project', SHIPPED, 4],
  ['the shop', SHOP, 5],
  ['the lab', LAB, 5],
])('%s, under random histories', (_, projectDir, runs) => {
  it('the records behind a row, and no others, make that very row', async () => {
    const { catalog, project } = new Workshop(projectDir);
    const plans = (await plansFor(project)).filter(({ strategy }) => strategy !== 'rebuild');
    const names = plans.map(({ model }) => model);
    const asked = fc.record({
      history: histories(catalog, 60),
      rows: fc.array(fc.record({ name: fc.constantFrom(...names), row: fc.nat(20) }), { minLength: 3, maxLength: 3 }),
      maxRecords: fc.integer({ min: 1, max: 20 }),
    });
    await fc.assert(
      fc.asyncProperty(asked, async ({ history, rows, maxRecords }) => {
        await using workshop = await Workshop.of(projectDir);
        await using materializer = await workshop.open({ batch: { maxRecords, maxMilliseconds: 20 } });
        await workshop.publish(history);
        await materializer.run({});
        for (const { name, row } of rows) {
          const model = plans.find((plan) => plan.model === name) as MaintenancePlan;
          const table = qualified(model.relation.schema, model.relation.identifier);
          const answer = await whyOfRow(materializer, model, table, row);
          if (answer === null) continue;
          await using other = await Workshop.of(projectDir);
          await copy(recordsOf(answer.table), workshop.log, other.log);
          await using replayed = await other.open();
          await replayed.run({});
          const sql = `select * from ${table} where ${answer.condition} order by all`;
          const { rows: expected } = await materializer.query(sql);
          expect(expected.length).toBeGreaterThan(0);
          expect({ sql, rows: (await replayed.query(sql)).rows }).toEqual({ sql, rows: expected });
        }
      }),
      { numRuns: Number(process.env['LENS_LAW_RUNS'] ?? runs), endOnFailure: false },
    );
  }, 7_200_000);
});

/** Asks for the n-th row of a table, by its key, or else by all its columns that a text can name. */
async function whyOfRow(
  materializer: Materializer,
  plan: MaintenancePlan,
  table: string,
  n: number,
): Promise<{ table: WhyTable; condition: string } | null> {
  const columns: string[] = [];
  const rows: (readonly unknown[])[] = [];
  const sink: ResultSink = {
    columns: (all) => void columns.push(...all.map((column) => column.name)),
    rows: (piece) => void rows.push(...piece),
  };
  await materializer.streamQuery(`select * from ${table} order by all`, {}, sink);
  const row = rows[n % Math.max(1, rows.length)];
  if (row === undefined) return null;
  const values = columns.map((column, i): [string, unknown] => [column, row[i]]);
  const named = values.filter(([column, value]) =>
    plan.key.length > 0 ? plan.key.includes(column) : !Array.isArray(value),
  );
  const answer = await materializer.why({ table: plan.model, key: Object.fromEntries(named), limit: 0 });
  const condition = named.map(([column, value]) =>
    value === null
      ? `${ident(column)} is null`
      : `${ident(column)} = ${text(typeof value === 'string' ? value : JSON.stringify(value))}`,
  );
  return { table: answer.table, condition: condition.join(' and ') };
}
