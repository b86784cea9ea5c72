import type { MaintenancePlan } from '../maintenance/maintenance-plan.ts';
import type { Connection } from '../warehouse/connection.ts';
import { makeMissingViews } from './build-models.ts';
import { behindCheckpoint, compact, type CompactedModel } from './compaction.ts';
import type { Gates } from './gates/gates.ts';
import type { ModelCosts } from './models/model-costs.ts';
import type { ModelStandings } from './models/model-standings.ts';
import { storedReaders } from './prepare-relations.ts';

/**
 * The compactions of one edition, on a connection of their own: each is one transaction that reads what batches had committed when
 * it began, while batches go on and note what they touch for the next one. Calls must not overlap.
 */
export class EditionCompaction implements Disposable {
  readonly #connection: Connection;
  readonly #plans: readonly MaintenancePlan[];
  readonly #standings: ModelStandings;
  readonly #costs: ModelCosts;
  readonly #gates: Gates;
  #running: Promise<unknown> | null = null;

  constructor(
    connection: Connection,
    plans: readonly MaintenancePlan[],
    standings: ModelStandings,
    costs: ModelCosts,
    gates: Gates,
  ) {
    this.#gates = gates;
    this.#connection = connection;
    this.#plans = plans;
    this.#standings = standings;
    this.#costs = costs;
  }

  /**
   * Whether batches may go on beside a compaction that starts now. They note nothing for models that are behind, so that
   * bringing these up would miss what comes meanwhile.
   */
  besideBatches(retryFailed = true): boolean {
    const out = this.#notToReach(retryFailed);
    return this.#compacted().every((plan) => out.has(plan.model) || this.#stands(plan));
  }

  /** Whether any stored model has failed. */
  get hasFailed(): boolean {
    return this.#plans.some(({ model }) => this.#standings.of(model) === 'failed');
  }

  get isRunning(): boolean {
    return this.#running !== null;
  }

  /** When no compaction runs: what changes the standing of models, or tables as a whole, waits for that. */
  async idle(): Promise<void> {
    while (this.#running !== null) await this.#running;
  }

  /**
   * Brings the models kept by compaction up to the checkpoint as it is now. One that fails is left behind with those that
   * read it.
   *
   * @param retryFailed whether those that failed are tried again
   */
  run(full: boolean, retryFailed = true): Promise<{ models: CompactedModel[]; failed: Error[] }> {
    const work = this.#run(full, retryFailed);
    // The next one may have begun before this is known to have ended.
    const running = work
      .catch(() => undefined)
      .then(() => {
        if (this.#running === running) this.#running = null;
      });
    this.#running = running;
    return work;
  }

  /**
   * Brings the models that stand up inside a transaction of the writing connection, while no compaction runs. For changes that no
   * offset stands for: later, nothing would tell that a model is behind.
   */
  async within(connection: Connection): Promise<void> {
    const behind = this.#notToReach();
    const plans = this.#compacted().filter((plan) => !behind.has(plan.model) && this.#stands(plan));
    await compact(connection, plans, new Set(), { costs: this.#costs, gates: this.#gates, behind });
  }

  #stands({ model }: MaintenancePlan): boolean {
    return this.#standings.of(model) === 'current';
  }

  /** What reads a folded model that is behind cannot be at the checkpoint either. */
  #notToReach(retryFailed = true): Set<string> {
    const failed = retryFailed ? [] : this.#compacted().filter(({ model }) => this.#standings.of(model) === 'failed');
    const foldedBehind = this.#plans.filter((plan) => plan.upkeep === 'batch' && !this.#stands(plan));
    return storedReaders(
      this.#plans,
      [...foldedBehind, ...failed].map((plan) => plan.model),
    );
  }

  async #run(full: boolean, retryFailed: boolean): Promise<{ models: CompactedModel[]; failed: Error[] }> {
    const failed: Error[] = [];
    const out = this.#notToReach(retryFailed);
    for (;;) {
      const plans = this.#compacted().filter((plan) => !out.has(plan.model));
      const outright = new Set(plans.filter((plan) => full || !this.#stands(plan)).map((plan) => plan.model));
      try {
        const models = await this.#connection.transaction(async () => {
          const compacted = await compact(this.#connection, plans, outright, {
            costs: this.#costs,
            gates: this.#gates,
            behind: out,
          });
          await makeMissingViews(this.#connection, this.#plans);
          return compacted;
        });
        this.#standings.caughtUp(plans);
        return { models, failed };
      } catch (error) {
        await this.#standings.setAside(this.#connection, error, failed, out);
      }
    }
  }

  /** Whether a model kept by compaction is behind the checkpoint, other than one that failed, and none is being brought up. */
  async isNeeded(): Promise<boolean> {
    if (this.#running !== null) return false;
    const models = this.#compacted().filter(({ model }) => this.#standings.of(model) !== 'failed');
    if (models.length === 0) return false;
    if (models.some(({ model }) => this.#standings.of(model) !== 'current')) return true;
    return behindCheckpoint(this.#connection);
  }

  #compacted(): MaintenancePlan[] {
    return this.#plans.filter((plan) => plan.upkeep === 'compaction');
  }

  [Symbol.dispose](): void {
    this.#connection[Symbol.dispose]();
  }
}
