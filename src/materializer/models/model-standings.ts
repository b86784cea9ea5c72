import type { MaintenancePlan } from '../../maintenance/maintenance-plan.ts';
import type { Connection } from '../../warehouse/connection.ts';
import type { Project } from '../../project/project-contract.ts';
import { neverRefreshed } from './never-refreshed.ts';
import { failedModel, type OnModelFailure } from './model-failed.ts';
import { leaveBehind, readModelRecords, type StoredState } from './model-states.ts';
import { storedReaders } from '../prepare-relations.ts';

/** Models left behind, with the reason. */
export type LeftBehind = ReadonlyMap<string, string | null>;

/**
 * Where the stored models stand, as the writers know it. A change to `catching-up` or `failed` takes effect at once and is
 * written with the transaction at hand; a change to `current` is written by the rebuild itself.
 */
export class ModelStandings {
  readonly #plans: readonly MaintenancePlan[];
  readonly #states = new Map<string, StoredState>();
  /** Since the last commit. */
  readonly #unwritten = new Map<string, string | null>();

  readonly #onFailure: OnModelFailure;

  constructor(plans: readonly MaintenancePlan[], onFailure: OnModelFailure) {
    this.#plans = plans;
    this.#onFailure = onFailure;
  }

  /** As last committed; a model without a record is still to be built. */
  async read(connection: Connection): Promise<void> {
    const records = await readModelRecords(connection);
    for (const { model, upkeep } of this.#plans) {
      if (upkeep !== 'view') this.#states.set(model, records.get(model)?.state ?? 'catching-up');
    }
  }

  of(model: string): StoredState | undefined {
    return this.#states.get(model);
  }

  /** All that are not kept at the moment. */
  behind(): Set<string> {
    return new Set([...this.#states].filter(([, state]) => state !== 'current').map(([model]) => model));
  }

  leave(model: string, state: Exclude<StoredState, 'current'>, error: string | null = null): void {
    // A failure may have another reason by now.
    if (this.#states.get(model) === state && state !== 'failed') return;
    this.#states.set(model, state);
    this.#unwritten.set(model, error);
  }

  /**
   * Leaves stored models behind, with those that read them: the next rebuild and compaction build them outright. Those with
   * `full_refresh: false` stay as they are. Gives the names of what is left behind.
   */
  leaveForRebuild(models: readonly string[], project: Project): string[] {
    const left = [...storedReaders(this.#plans, models)].filter((name) => !neverRefreshed(project.model(name)));
    for (const model of left) this.leave(model, 'catching-up');
    return left;
  }

  /** The model to leave behind for an error, with which the others can go on; null where there is none, or it is to stop them. */
  toLeave(error: unknown): string | null {
    return this.#onFailure === 'leave' ? failedModel(error) : null;
  }

  /** Leaves a model behind as failed, with all that read it; gives their names. */
  fail(model: string, error: Error): Set<string> {
    const names = storedReaders(this.#plans, [model]);
    for (const name of names) {
      this.leave(name, 'failed', name === model ? error.message : `${model}, which it reads, failed`);
    }
    return names;
  }

  /**
   * Records the model that an error is of, and its readers, as failed, and adds them to `out`, the error to `failed`; anything but
   * a model's failure is thrown on.
   */
  async setAside(connection: Connection, error: unknown, failed: Error[], out: Set<string>): Promise<void> {
    const model = this.toLeave(error);
    if (model === null || out.has(model)) throw error;
    failed.push(error as Error);
    for (const name of this.fail(model, error as Error)) out.add(name);
    this.committed(await connection.transaction(() => this.write(connection)));
  }

  caughtUp(models: readonly MaintenancePlan[]): void {
    for (const { model } of models) this.#states.set(model, 'current');
  }

  /** Whether there is something to write. */
  get unwritten(): boolean {
    return this.#unwritten.size > 0;
  }

  /** Writes what is not written yet, with the checkpoint the models stay at; say {@link committed} once it is. */
  async write(connection: Connection): Promise<LeftBehind> {
    const written = new Map(this.#unwritten);
    for (const [model, error] of written) {
      const state = this.#states.get(model);
      if (state !== undefined && state !== 'current') await leaveBehind(connection, model, state, error);
    }
    return written;
  }

  committed(written: LeftBehind): void {
    for (const [model, error] of written) if (this.#unwritten.get(model) === error) this.#unwritten.delete(model);
  }
}
