import { LensError } from '../core/errors.ts';
import type { Changes } from '../maintenance/change-set.ts';
import type { MaintenancePlan } from '../maintenance/maintenance-plan.ts';
import type { TopicCatalog } from '../topics/catalog.ts';
import type { Connection } from '../warehouse/connection.ts';
import type { KeyIndexes } from '../warehouse/key-indexes.ts';
import type { Batch } from './batch.ts';
import { advanceCheckpoint } from './checkpoint.ts';
import { keepDeadLetters, putLetters } from './dead-letters/dead-letters.ts';
import type { EditionCompaction } from './edition-compaction.ts';
import { fold } from './fold.ts';
import { auditedBatch, GateRefusal, reasonOf } from './gates/gate-audit.ts';
import { type Baselines, type GateFailure, type Gates } from './gates/gates.ts';
import { heldBack, keepHeld } from './gates/held-records.ts';
import { land } from './landing.ts';
import { ModelCosts } from './models/model-costs.ts';
import { modelOfBrokenPromise } from './models/model-failed.ts';
import type { LeftBehind, ModelStandings } from './models/model-standings.ts';
import { NewestKeys } from './newest-keys.ts';
import type { RawTable } from './raw-tables.ts';
import { replaceSeed } from './seeds/seed-tables.ts';

export interface AppliedBatch {
  readonly rowsChanged: number;
  readonly deadLetters: number;
  /** The failures of models that were left behind. */
  readonly failed: readonly Error[];
  /** What a person should know of gates: records held back, failures that were there before. */
  readonly notices: readonly string[];
  /** Why models were left for a rebuild right after it. */
  readonly rebuildReason?: string | undefined;
}

/**
 * `fold`: into the models kept by batches. `aside`: also into those kept by compaction, since the change moves no offset that they
 * could be behind. `bulk`: landed alone.
 */
export type BatchMode = 'fold' | 'aside' | 'bulk';

/** How a batch is applied. */
interface Application {
  readonly mode: BatchMode;
  readonly failed: readonly Error[];
  readonly baselines?: Baselines | undefined;
  readonly trial?: boolean;
}

/** What a batch's transaction works with: parts of its edition. */
export interface BatchParts {
  readonly connection: Connection;
  readonly plans: readonly MaintenancePlan[];
  readonly tables: readonly RawTable[];
  readonly standings: ModelStandings;
  readonly costs: ModelCosts;
  readonly gates: Gates;
  readonly compaction: EditionCompaction;
  readonly catalog: TopicCatalog;
  readonly indexes: KeyIndexes;
}

/** Batches as transactions: landing, fold, gates, dead letters and checkpoint commit together. */
export class BatchTransaction {
  readonly #parts: BatchParts;
  /** The plans without what is declared of rows: a trial is about gates alone. */
  readonly #unchecked: readonly MaintenancePlan[];
  readonly #newest = new NewestKeys();

  constructor(parts: BatchParts) {
    this.#parts = parts;
    this.#unchecked = parts.plans.map((plan) => ({ ...plan, checkedKey: [], constraints: [] }));
  }

  /**
   * Applies a batch, or of one that a gate refuses what the gates let pass; GATE_REFUSED where that cannot be told, since the records
   * were not kept.
   */
  async apply(batch: Batch, mode: BatchMode, failed: readonly Error[]): Promise<AppliedBatch> {
    const refused = await this.#asked(batch, { mode, failed });
    if (!(refused instanceof GateRefusal)) return refused;
    if (batch.kept === undefined) throw new LensError('GATE_REFUSED', reasonOf(refused.failures));
    const baselines = await this.#parts.gates.baselines(
      this.#parts.connection,
      refused.failures.map(({ gate }) => gate),
    );
    const { tables, catalog } = this.#parts;
    const trial = async (part: Batch): Promise<readonly GateFailure[]> => {
      const tried = await this.#once(part, { mode, failed, baselines, trial: true });
      return tried instanceof GateRefusal ? tried.failures : [];
    };
    const audited = await auditedBatch(batch, await trial(batch), { trial, tables, catalog });
    const applied = await this.#once(audited, { mode, failed, baselines });
    if (applied instanceof GateRefusal) throw new LensError('INTERNAL', 'a gate refused a batch that it had let pass');
    return { ...applied, notices: [...this.#parts.gates.tellFailing(baselines), ...applied.notices] };
  }

  /** The batch, once. Where a model's key or a constraint is broken, gates are asked first whether they hold back what breaks it. */
  async #asked(batch: Batch, how: Application): Promise<AppliedBatch | GateRefusal> {
    try {
      return await this.#once(batch, how);
    } catch (broken) {
      if (!this.#parts.gates.any || modelOfBrokenPromise(broken) === null) throw broken;
      const refused = await this.#once(batch, { ...how, trial: true });
      if (refused instanceof GateRefusal && refused.failures.length > 0) return refused;
      throw broken;
    }
  }

  /** One transaction; rolled back where a gate fails, and always where it is a trial. */
  async #once(
    batch: Batch,
    { mode, failed, baselines, trial = false }: Application,
  ): Promise<AppliedBatch | GateRefusal> {
    const connection = this.#parts.connection;
    const bulk = mode === 'bulk';
    const deadLetters = [
      ...batch.topics.flatMap(({ sealed }) => sealed.deadLetters),
      ...(batch.held ?? []).map(({ letter }) => letter),
    ];
    const plans = trial ? this.#unchecked : this.#parts.plans;
    const costs = trial ? new ModelCosts() : this.#parts.costs;
    const work = async (): Promise<{ rows: number; standings: LeftBehind }> => {
      const standings = await this.#parts.standings.write(connection);
      const changes: Changes = new Map();
      for (const { contract, sealed } of batch.topics) {
        const table = this.#parts.tables.find((t) => t.contract.name === contract.name) as RawTable;
        const wanted = bulk
          ? this.#parts.gates.reads(table.name)
          : this.#isRead(table) || this.#parts.gates.reads(table.name);
        const change = await land(connection, table, sealed, { wantChanges: wanted, newest: this.#newest });
        if (change !== null) changes.set(table.name, change);
      }
      for (const seed of batch.seeds ?? []) {
        const change = await replaceSeed(connection, seed);
        if (change !== null) changes.set(seed.name, change);
      }
      const behind = this.#parts.standings.behind();
      const mayRebuild = mode === 'fold' && this.#parts.gates.rawOnly;
      const rows = bulk
        ? 0
        : await fold(connection, plans, changes, behind, {
            costs,
            mayRebuild,
            small: this.#parts.indexes.small,
            gated: (model) => this.#parts.gates.reads(model),
          });
      if (mode === 'aside') await this.#parts.compaction.within(connection);
      const failures = await this.#parts.gates.check(connection, changes, behind, baselines);
      if (trial || failures.length > 0) throw new GateRefusal(failures);
      await keepDeadLetters(connection, deadLetters, Date.now());
      await keepHeld(connection, batch.held ?? []);
      await putLetters(connection, batch.letters ?? []);
      await advanceCheckpoint(connection, batch.positions);
      if (costs.due) await costs.write(connection);
      return { rows, standings };
    };
    try {
      const { rows: rowsChanged, standings } = await connection.transaction(work);
      this.#parts.standings.committed(standings);
      return { rowsChanged, deadLetters: deadLetters.length, failed, notices: heldBack(batch.held ?? []) };
    } catch (error) {
      if (error instanceof GateRefusal) return error;
      throw error;
    }
  }

  #isRead(table: RawTable): boolean {
    return this.#parts.plans.some((plan) => plan.reads.some(({ name }) => name === table.name));
  }
}
