import { onInterval } from './compaction-interval.ts';
import type { LiveHooks } from './hooks/live-hooks.ts';
import type { LiveEdition } from './live-edition.ts';
import type { MaterializerOptions } from './materializer-options.ts';
import { failedModel, tellFailures } from './models/model-failed.ts';
import { failedModels } from './models/model-states.ts';
import type { CompactionSummary } from './operations.ts';
import { RetryPace } from './models/retry-pace.ts';
import { Turns } from './turns.ts';

/**
 * Runs compactions, one at a time: beside the batches, which go on meanwhile, on a connection of its own. Only the file's
 * checkpoint at the end, and the repair of models that are behind, have a turn on the writing connection.
 */
export class Compactor {
  readonly #options: MaterializerOptions;
  readonly #live: LiveEdition;
  /** Of the writing connection. */
  readonly #writing: Turns;
  readonly #compactions = new Turns();
  readonly #pace = new RetryPace();
  readonly #hooks: LiveHooks;
  /** The last failure of each model that has been told here. */
  readonly #told = new Map<string, string>();

  constructor(options: MaterializerOptions, live: LiveEdition, writing: Turns, hooks: LiveHooks) {
    this.#hooks = hooks;
    this.#options = options;
    this.#live = live;
    this.#writing = writing;
  }

  /**
   * Brings the models kept by compaction up to the checkpoint there is now; `full` rebuilds them outright.
   *
   * @param retryFailed whether models that failed are tried again, folded ones too
   * @param asked somebody waits for it: what fails is told, also where it was before
   */
  async compact(full: boolean, retryFailed = true, asked = true): Promise<CompactionSummary> {
    const started = performance.now();
    let heldMilliseconds = 0;
    /** A turn on the writing connection, for which batches wait. */
    const held = <T>(work: () => Promise<T>): Promise<T> =>
      this.#writing.take(async () => {
        const since = performance.now();
        try {
          return await work();
        } finally {
          heldMilliseconds += performance.now() - since;
        }
      });
    const summary = await this.#compactions.take(async () => {
      const retried = retryFailed && this.#live.edition.compaction.hasFailed;
      if (retried) await held(() => this.#retryFailed(asked));
      const work = async (): Promise<CompactionSummary['models']> => {
        const { models, failed } = await this.#live.edition.compaction.run(full, retryFailed);
        this.#tell(failed, asked);
        for (const { name } of models) this.#told.delete(name);
        return models;
      };
      const models = await (this.#live.edition.compaction.besideBatches(retryFailed) ? work() : held(work));
      if (retried) this.#pace.tried(performance.now() - started);
      await held(() => this.#live.edition.writeFile());
      const milliseconds = performance.now() - started;
      await held(() => this.#live.edition.recordCompaction(milliseconds, full));
      return { models, milliseconds, heldMilliseconds, failed: await this.#live.read(failedModels) };
    });
    this.#options.onEvent({ kind: 'compaction', full, ...summary });
    return summary;
  }

  /** Work during which there is no compaction. */
  without<T>(work: () => Promise<T>): Promise<T> {
    return this.#compactions.take(work);
  }

  /**
   * Compacts on the interval until aborted; throws what no later attempt can mend.
   *
   * @param before runs at each interval, before it is known whether there is anything to compact
   */
  onInterval(signal: AbortSignal, before: () => Promise<void>): Promise<void> {
    const { compaction, onEvent } = this.#options;
    const compact = async (): Promise<void> => {
      await before();
      const { edition } = this.#live;
      const bulk = edition.foldedBehind('catching-up').length > 0;
      if (bulk) return;
      const retry = edition.compaction.hasFailed && this.#pace.isDue;
      if (retry || (await this.#writing.take(() => edition.compaction.isNeeded())))
        await this.compact(false, retry, false);
      await this.#hooks.due();
    };
    return onInterval(compaction.intervalSeconds, signal, compact, onEvent);
  }

  async #retryFailed(asked: boolean): Promise<void> {
    const { edition } = this.#live;
    if (edition.foldedBehind('failed').length === 0) return;
    const { models, failed } = await edition.rebuildFolded();
    this.#tell(failed, asked);
    for (const name of models) this.#told.delete(name);
    if (models.length > 0) this.#options.onEvent({ kind: 'notice', message: `current again: ${models.join(', ')}` });
  }

  /** A model that fails as it did before is tried again and again on the interval, and told of once. */
  #tell(failures: readonly Error[], asked: boolean): void {
    const modelOf = (failure: Error): string => failedModel(failure) ?? '';
    const fresh = failures.filter((failure) => asked || this.#told.get(modelOf(failure)) !== failure.message);
    for (const failure of failures) this.#told.set(modelOf(failure), failure.message);
    tellFailures(fresh, this.#options.onEvent);
  }
}
