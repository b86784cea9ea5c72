import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { MaintenancePlan } from '../../../src/maintenance/maintenance-plan.ts';
import { createTemporary, temporary } from '../../../src/maintenance/change-set.ts';
import { Planner } from '../../../src/maintenance/planner.ts';
import { rebuild } from '../../../src/maintenance/rebuild.ts';
import type { NamedTable } from '../../../src/materializer/lineage/asked-rows.ts';
import { Lineage } from '../../../src/materializer/lineage/lineage.ts';
import type { RawTable } from '../../../src/materializer/raw-tables.ts';
import type { WhyTable } from '../../../src/materializer/lineage/why-contract.ts';
import type { TopicContract } from '../../../src/topics/topic-contract.ts';
import type { Connection } from '../../../src/warehouse/connection.ts';
import { ident, idents, qualified, sameRow } from '../../../src/warehouse/sql.ts';
import { OracleBench } from './oracle-bench.ts';
import { land, RAW, RAW_RELATIONS, rowChanges } from './raw-rows.ts';
import { aimed, type Scenario, scenarios } from './scenario.ts';

/** Models over rows that land at once: what the `pick`-th row of each follows from, as `lens why` has it. */
export interface LineageScenario extends Scenario {
  readonly pick: number;
}

const KEYED = Object.keys(RAW).filter((name) => RAW[name]?.key !== null);

export function lineageScenarios(): fc.Arbitrary<LineageScenario> {
  const changes = fc.array(rowChanges(KEYED), { minLength: 30, maxLength: 50 });
  return fc
    .record({ graph: scenarios(KEYED), changes, pick: fc.nat(40) })
    .map(({ graph, changes, pick }) => aimed({ models: graph.models, steps: [{ changes, compact: false }], pick }));
}

/** The raw tables as lineage knows them. */
const raws = RAW_RELATIONS.filter(({ key }) => key !== null).map(({ name, key, columns }): RawTable => {
  const contract = { name, mode: 'upsert', tableKey: key, columns } as unknown as TopicContract;
  return { contract, schema: 'w', name, relation: qualified('w', name) };
});

/** Ends a transaction that is not to be. */
class Undone extends Error {}

function readsWhole({ whole, inputs }: WhyTable): boolean {
  return whole !== null || inputs.some(readsWhole);
}

/**
 * The raw rows that a row is said to follow from, and no others, must make that very row, but for what keeps rows out of the
 * tables below it: a row that only its absence hides from the others (the first of a group, which a filter drops) is not said.
 */
export class LineageBench implements AsyncDisposable {
  readonly #bench: OracleBench;
  /** How many rows were made again. */
  readonly kept = new Map<string, number>();

  private constructor(bench: OracleBench) {
    this.#bench = bench;
  }

  static async open(): Promise<LineageBench> {
    return new LineageBench(await OracleBench.open());
  }

  get #connection(): Connection {
    return this.#bench.connection;
  }

  async check({ models, steps, pick }: LineageScenario): Promise<void> {
    const plans = await this.#bench.build(models);
    for (const { changes } of steps) await this.#connection.transaction(() => land(this.#connection, changes));
    await rebuildAll(this.#connection, plans);
    await using planner = await Planner.over(this.#bench.project(models), RAW_RELATIONS);
    for (const plan of plans) {
      const table = qualified(plan.relation.schema, plan.relation.identifier);
      const lineage = await planner.lineage(plan.model, null);
      const rows = await this.#connection.number(`select count(*) from ${table}`);
      if (lineage.strategy === 'rebuild' || rows === 0) continue;
      const key = idents(lineage.key);
      await this.#connection.run(
        `create or replace temp table asked as select ${key} from ${table} order by all limit 1 offset ${pick % rows}`,
      );
      const same = lineage.key
        .map(ident)
        .map((column) => `${column} is not distinct from (select ${column} from asked)`);
      const condition = same.join(' and ');
      const named = { kind: 'model', name: plan.model } as const;
      await this.#replay(planner, plans, { ...named, plan: lineage }, condition, '*');
      // What it takes for the key alone to be there, as often as it is.
      const narrow = await planner.lineage(plan.model, lineage.key);
      if (narrow.strategy !== 'rebuild') {
        await this.#replay(planner, plans, { ...named, plan: narrow }, condition, key);
      }
    }
  }

  async #replay(
    planner: Planner,
    plans: readonly MaintenancePlan[],
    asked: NamedTable & { plan: MaintenancePlan },
    condition: string,
    columns: string,
  ): Promise<void> {
    const { schema, identifier } = asked.plan.relation;
    const rows = `select ${columns} from ${qualified(schema, identifier)} where ${condition}`;
    const undone = this.#connection.transaction(async () => {
      await this.#connection.run(`create or replace temp table expected as ${rows}`);
      const found = new Lineage(
        this.#connection,
        { planner, inputs: { tables: raws, seeds: [] }, stored: new Map() },
        0,
      );
      const table = await found.asked(asked, condition);
      if (readsWhole(table)) throw new Undone();
      this.kept.set('made again', (this.kept.get('made again') ?? 0) + 1);
      await this.#keepOnly(found);
      const below = plans.slice(
        0,
        plans.findIndex(({ model }) => model === asked.name),
      );
      for (const plan of below) {
        await this.#rebuildWithin(plan, (await planner.lineage(plan.model, null)).key);
      }
      await rebuildAll(this.#connection, [plans[below.length] as MaintenancePlan]);
      const differ = `select count(*) from ((from expected except all (${rows})) union all ((${rows}) except all from expected))`;
      assert.equal(
        await this.#connection.number(differ),
        0,
        `${columns} of ${asked.name} where ${condition} differs when made of what it follows from`,
      );
      throw new Undone();
    });
    await undone.catch((error: unknown) => {
      if (!(error instanceof Undone)) throw error;
    });
  }

  /** A table below, made again, without rows whose keys were not in it: of the others only what is read must be the same. */
  async #rebuildWithin(plan: MaintenancePlan, key: readonly string[]): Promise<void> {
    const table = qualified(plan.relation.schema, plan.relation.identifier);
    const before = temporary('old', plan.model);
    const kind = plan.strategy === 'view' ? 'view' : 'table';
    const rows = `select n.* from (${plan.fullSql}) n`;
    const within = key.length === 0 ? '' : `semi join ${before} b on ${sameRow('n', 'b', key)}`;
    await this.#connection.run(createTemporary(before, `from ${table}`));
    await this.#connection.run(`create or replace ${kind} ${table} as ${rows} ${within}`);
  }

  /** Deletes all raw rows that are not in the answer. */
  async #keepOnly(found: Lineage): Promise<void> {
    for (const { name, relation, contract } of raws) {
      const key = idents(contract.tableKey);
      const kept = found.rawRows
        .filter((one) => one.table.name === name)
        .map(({ whole }) => `select ${key} from ${whole}`);
      const none = `select ${key} from ${relation} limit 0`;
      const all = [...kept, `(${none})`].join(' union all ');
      await this.#connection.run(`delete from ${relation} where (${key}) not in (${all})`);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#bench[Symbol.asyncDispose]();
  }
}

async function rebuildAll(connection: Connection, plans: readonly MaintenancePlan[]): Promise<void> {
  for (const plan of plans) if (plan.strategy !== 'view') await rebuild(connection, plan);
}
