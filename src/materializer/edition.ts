import type { MaintenancePlan } from '../maintenance/maintenance-plan.ts';
import type { TopicCatalog } from '../topics/catalog.ts';
import type { Connection } from '../warehouse/connection.ts';
import type { KeyIndexes } from '../warehouse/key-indexes.ts';
import { Warehouse } from '../warehouse/warehouse.ts';
import type { Batch } from './batch.ts';
import { type AppliedBatch, type BatchMode, BatchTransaction } from './batch-transaction.ts';
import type { BareChange } from './changes/model-changes.ts';
import { type CheckpointEntry, readCheckpoint } from './checkpoint.ts';
import { recordCompaction } from './compaction.ts';
import { EditionCompaction } from './edition-compaction.ts';
import { FileCheckpoint } from './file-checkpoint.ts';
import { EditionGates } from './gates/edition-gates.ts';
import type { MemoryBudget } from './memory-budget.ts';
import { type ModelCost, ModelCosts, storedCosts } from './models/model-costs.ts';
import { ModelStandings } from './models/model-standings.ts';
import { planFile, type PlannedFile, type PreparedEdition, prepareEdition } from './prepared-edition.ts';
import type { Project } from '../project/project-contract.ts';
import { RebuildPreferred } from './models/rebuild-choice.ts';
import { rebuildFolded } from './rebuild-folded.ts';
import { type EditionOptions, editionPlans, type MadeEdition } from './edition-plans.ts';
import { type UsableProject, withoutBroken } from './seeds/usable-seeds.ts';
import { landedRows, type RawTable } from './raw-tables.ts';
import type { SeedTable } from './seeds/seed-tables.ts';

export type { EditionOptions } from './edition-plans.ts';

/**
 * One warehouse file kept by one project: it applies batches and rebuilds, each as one transaction on its one writing connection, and
 * compacts on another ({@link EditionCompaction}). It knows nothing of the log. Calls must not overlap, but for those of `compaction`.
 */
export class Edition implements AsyncDisposable {
  readonly warehouse: Warehouse;
  /** By which it is kept. */
  readonly project: UsableProject['project'];
  readonly whole: UsableProject['whole'];
  readonly broken: UsableProject['broken'];
  readonly catalog: TopicCatalog;
  readonly plans: readonly MaintenancePlan[];
  readonly tables: readonly RawTable[];
  readonly seeds: readonly SeedTable[];
  /** What happened at open that a person should know. */
  readonly notices: readonly string[];
  /** By seed that was loaded at open, a sentence that says so. */
  readonly seedNotices: ReadonlyMap<string, string>;
  /** What the open made of the models. */
  readonly changes: readonly BareChange[];
  readonly #connection: Connection;
  readonly #kept: EditionOptions;
  /** Brings the models kept by compaction up, beside the batches. */
  readonly compaction: EditionCompaction;
  readonly #standings: ModelStandings;
  readonly #costs = new ModelCosts();
  /** What upkeep had cost before models were built at open. */
  costsBefore: ReadonlyMap<string, ModelCost>;
  /** Seeds that have been loaded since it was opened, or for that, with the milliseconds it took last. */
  readonly seedsLoaded: Map<string, number>;
  readonly file: FileCheckpoint;
  readonly #indexes: KeyIndexes;
  readonly #batches: BatchTransaction;
  readonly gates: EditionGates;
  /** What its memory_limit allows. */
  readonly budget: MemoryBudget;
  #closed = false;

  private constructor(warehouse: Warehouse, kept: EditionOptions, prepared: PreparedEdition) {
    const { connections, usable, plans, gates, changes, notices, indexes, budget } = prepared;
    const [connection, compacting] = connections;
    const { catalog, onModelFailure = 'leave' } = kept;
    const { tables, seeds } = usable.inputs;
    this.#kept = kept;
    this.changes = changes;
    this.#indexes = indexes;
    this.budget = budget;
    this.project = usable.project;
    this.whole = usable.whole;
    this.broken = usable.broken;
    this.catalog = catalog;
    this.gates = new EditionGates(connection, gates, plans, tables);
    this.warehouse = warehouse;
    this.#connection = connection;
    this.file = new FileCheckpoint(connection);
    this.#standings = new ModelStandings(plans, onModelFailure);
    this.compaction = new EditionCompaction(compacting, plans, this.#standings, this.#costs, this.gates.compaction);
    this.plans = plans;
    this.tables = tables;
    this.seeds = seeds;
    this.notices = notices;
    this.costsBefore = prepared.costsBefore;
    this.seedNotices = prepared.seedNotices;
    this.seedsLoaded = new Map(prepared.seedsLoaded);
    this.#batches = new BatchTransaction({
      connection,
      plans,
      tables,
      standings: this.#standings,
      costs: this.#costs,
      gates: this.gates.batch,
      compaction: this.compaction,
      catalog,
      indexes,
    });
  }

  /**
   * Opens or creates the file and makes its relations those of the project.
   *
   * @param made the file as this process has just closed it, kept by the same project and topics: nothing is made again
   */
  static async open(file: string, kept: EditionOptions, made?: MadeEdition): Promise<Edition> {
    const warehouse = await Warehouse.open(file, kept.warehouse);
    try {
      return await Edition.#over(warehouse, kept, await planFile(warehouse, kept, made));
    } catch (error) {
      await warehouse[Symbol.asyncDispose]();
      throw error;
    }
  }

  static async #over(warehouse: Warehouse, kept: EditionOptions, made: PlannedFile): Promise<Edition> {
    const edition = new Edition(warehouse, kept, await prepareEdition(warehouse, kept, made));
    await edition.#standings.read(edition.#connection);
    return edition;
  }

  /**
   * Has the same file kept by its project with other answers, while nothing else goes on: what changes with them is built, as at an
   * open. This edition is at its end then; when that fails, it goes on.
   */
  async keptBy(whole: Project): Promise<Edition> {
    const kept = { ...this.#kept, project: whole };
    const { tables, seeds, broken } = this;
    const usable = { project: withoutBroken(whole, broken), whole, broken, inputs: { tables, seeds } };
    const made = { usable, ...(await editionPlans(usable, kept)), words: [], asItIs: false };
    await this.compaction.idle();
    await this.costs();
    const next = await Edition.#over(this.warehouse, kept, made);
    next.costsBefore = this.costsBefore;
    for (const [name, milliseconds] of this.seedsLoaded) next.seedsLoaded.set(name, milliseconds);
    await this.#closeWriting();
    return next;
  }

  /** What upkeep has cost up to now. */
  async costs(): Promise<ReadonlyMap<string, ModelCost>> {
    await this.#connection.transaction(() => this.#costs.write(this.#connection));
    return storedCosts(this.#connection);
  }

  /** The warehouse's file. */
  get path(): string {
    return this.warehouse.path;
  }

  checkpoint(): Promise<CheckpointEntry[]> {
    return readCheckpoint(this.#connection);
  }

  /** Work on system tables alone, in a transaction of its own. */
  write<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    return this.#connection.transaction(() => work(this.#connection));
  }

  /** Folded models that are not kept by batches at the moment, by state. */
  foldedBehind(state: 'catching-up' | 'failed'): string[] {
    const folded = this.plans.filter((plan) => plan.upkeep === 'batch').map((plan) => plan.model);
    return folded.filter((model) => this.#standings.of(model) === state);
  }

  /** Rows in the raw tables. */
  landedRows(): Promise<number> {
    return landedRows(this.#connection, this.tables);
  }

  /**
   * Lands a batch and folds it into the models, with its checkpoint. A model that fails is left behind, with all that read it; so is one
   * of which so many keys are touched that a rebuild is cheaper, for {@link rebuildFolded} right after it.
   */
  applyFolding(batch: Batch): Promise<AppliedBatch> {
    return this.#applyWhole(batch, 'fold');
  }

  /** The same for a change that moves no offset, also for models kept by compaction: they could not say that they are behind it. */
  async applyAside(batch: Batch): Promise<AppliedBatch> {
    await this.compaction.idle();
    return this.#applyWhole(batch, 'aside');
  }

  async #applyWhole(batch: Batch, mode: BatchMode): Promise<AppliedBatch> {
    const failed: Error[] = [];
    let rebuildReason: string | undefined;
    if (!this.#indexes.made) await this.compaction.idle();
    await this.#indexes.make(this.#connection);
    for (;;) {
      try {
        const applied = await this.#apply(batch, mode, failed);
        this.file.folded(batch.records);
        return { ...applied, rebuildReason };
      } catch (error) {
        if (error instanceof RebuildPreferred) {
          rebuildReason ??= error.message;
          await this.compaction.idle();
          this.leaveForRebuild([error.model]);
          continue;
        }
        const model = this.#standings.toLeave(error);
        if (model === null || this.#standings.of(model) === 'failed') throw error;
        failed.push(error as Error);
        await this.compaction.idle();
        this.#standings.fail(model, error as Error);
      }
    }
  }

  /** Lands a batch with its checkpoint and leaves all stored models behind, to be rebuilt once when caught up. */
  async applyBulk(batch: Batch): Promise<AppliedBatch> {
    await this.#indexes.drop(this.#connection);
    await this.compaction.idle();
    for (const { model } of this.#stored()) {
      if (this.#standings.of(model) === 'current') this.#standings.leave(model, 'catching-up');
    }
    const applied = await this.#apply(batch, 'bulk', []);
    await this.file.writeWhenOver(this.budget.unwrittenBytes);
    return applied;
  }

  async #apply(batch: Batch, mode: BatchMode, failed: readonly Error[]): Promise<AppliedBatch> {
    if (this.#standings.unwritten) await this.compaction.idle();
    return this.#batches.apply(batch, mode, failed);
  }

  /** Rebuilds folded models that are behind, with the folded models that read them. One that fails stays behind. */
  async rebuildFolded(): Promise<{ models: string[]; failed: Error[] }> {
    await this.compaction.idle();
    // Rows that were landed in bulk are read several times now: packed they are read faster.
    if (this.foldedBehind('catching-up').length > 0) await this.file.write();
    const rebuilt = await rebuildFolded(this.#connection, this.plans, this.#standings, this.#costs, this.gates);
    if (rebuilt.models.length > 0) await this.#indexes.makeAgain(this.#connection);
    return rebuilt;
  }

  /** Writes the file's checkpoint, so that a start need not replay the write-ahead log. Skipped while a query runs. */
  async writeFile(): Promise<void> {
    await this.#indexes.makeAgain(this.#connection);
    await this.file.write();
  }

  /** The same between two batches, when many records have been folded since. */
  async writeFileWhenDue(): Promise<void> {
    if (this.file.isDue && !this.compaction.isRunning) await this.file.write();
  }

  /** Leaves models behind for a rebuild, as {@link ModelStandings.leaveForRebuild}. */
  leaveForRebuild(models: readonly string[]): string[] {
    return this.#standings.leaveForRebuild(models, this.project);
  }

  /**
   * The end of an edition that others may still read, and its file may be moved, with its write-ahead log: close the warehouse when they are
   * done. No checkpoint is written, for which those who wait for the next edition would have to wait.
   */
  async retire(): Promise<void> {
    if (this.#closed) return;
    await this.#closeWriting();
    await this.warehouse.writeNoMore();
  }

  /** Records a compaction, and what upkeep has cost since the one before. */
  recordCompaction(milliseconds: number, full: boolean): Promise<void> {
    return this.write(async (connection) => {
      await recordCompaction(connection, milliseconds, full);
      await this.#costs.write(connection);
    });
  }

  #stored(): MaintenancePlan[] {
    return this.plans.filter((plan) => plan.upkeep !== 'view');
  }

  /** May be called again. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#closeWriting();
    await this.warehouse[Symbol.asyncDispose]();
  }

  async #closeWriting(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.compaction.idle();
    this.compaction[Symbol.dispose]();
    await this.#connection.transaction(() => this.#costs.write(this.#connection)).catch(() => undefined);
    this.#connection[Symbol.dispose]();
  }
}
