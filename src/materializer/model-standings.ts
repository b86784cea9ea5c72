import type { MaintenancePlan } from '../maintenance/maintenance-plan.ts';
import type { Connection } from '../warehouse/connection.ts';
import { leaveBehind, readModelRecords, type StoredState } from './model-states.ts';

/**
 * Where the stored models stand, as the writer knows it. A change to `catching-up` or `failed` takes effect at once for
 * the writer and is written with the transaction at hand; a change to `current` is written by the rebuild itself.
 */
export class ModelStandings {
  readonly #states = new Map<string, StoredState>();
  /** Models left behind since the last commit, with the reason. */
  readonly #unwritten = new Map<string, string | null>();

  /** As last committed; a model without a record is still to be built. */
  async read(connection: Connection, plans: readonly MaintenancePlan[]): Promise<void> {
    const records = await readModelRecords(connection);
    for (const { model } of plans) this.#states.set(model, records.get(model)?.state ?? 'catching-up');
  }

  of(model: string): StoredState | undefined {
    return this.#states.get(model);
  }

  /** All that are not kept at the moment. */
  behind(): Set<string> {
    return new Set([...this.#states].filter(([, state]) => state !== 'current').map(([model]) => model));
  }

  leave(model: string, state: Exclude<StoredState, 'current'>, error: string | null = null): void {
    if (this.#states.get(model) === state) return;
    this.#states.set(model, state);
    this.#unwritten.set(model, error);
  }

  caughtUp(models: readonly MaintenancePlan[]): void {
    for (const { model } of models) this.#states.set(model, 'current');
  }

  /** Writes what is not written yet, with the checkpoint the models stay at; say {@link committed} once it is. */
  async write(connection: Connection): Promise<void> {
    for (const [model, error] of this.#unwritten) {
      const state = this.#states.get(model);
      if (state !== undefined && state !== 'current') await leaveBehind(connection, model, state, error);
    }
  }

  committed(): void {
    this.#unwritten.clear();
  }
}
