import { LensError } from '../../core/errors.ts';
import path from 'node:path';
import type { Project } from '../../project/project-contract.ts';
import type { TopicCatalog } from '../../topics/catalog.ts';
import type { CheckpointPublisher } from '../checkpoint-publisher.ts';
import type { Compactor } from '../compactor.ts';
import { Edition } from '../edition.ts';
import { swapEditions } from './edition-swap.ts';
import { requireTests } from './edition-tests.ts';
import { type EditionRecord, editionFileName, liveFile, readEditions } from '../editions-file.ts';
import type { Follower } from '../follower.ts';
import type { LetterWork } from '../dead-letters/letter-work.ts';
import type { LiveEdition } from '../live-edition.ts';
import { loadChangedSeeds, seedsDiffer } from '../seeds/load-seeds.ts';
import type { MaterializerOptions } from '../materializer-options.ts';
import { NextEdition, removeUnnamed } from './next-edition.ts';
import type { EditionOrigin, EditionProgress } from './next-edition-contract.ts';
import { takeHookObjects } from './carry-hook-objects.ts';
import { preflight } from './preflight.ts';
import type { RunOptions } from '../operations.ts';
import { unlessAborted } from './unless-aborted.ts';
import { settledLetters } from '../dead-letters/replay-letters.ts';
import { replayNamed, type ReplayRequest } from './replay-named.ts';
import type { EditionEntry } from './editions.ts';
import type { Refreshed, RefreshPhase, RefreshSink } from './refresh-contract.ts';
import { Turns } from '../turns.ts';

export interface RefreshOptions {
  /** For people, in `lens status`: what built the edition. */
  readonly builtBy: string;
  /**
   * Models to rebuild from the raw tables, with what the project has changed and what reads any of them; without, everything is made anew from
   * the log.
   */
  readonly models?: readonly string[] | undefined;
  /** Another project, and its topics, that keep the warehouse from the swap on. */
  readonly by?: { readonly project: Project; readonly catalog: TopicCatalog } | undefined;
  /** Tables and views that models have left do not come along. */
  readonly dropLeft?: boolean | undefined;
  readonly allowDataLoss?: boolean | undefined;
  readonly skipTests?: boolean | undefined;
  /** Ends it before the swap: the live edition stays. */
  readonly signal: AbortSignal;
  readonly tell?: RefreshSink | undefined;
}

type Built = Pick<EditionRecord, 'builtBy' | 'builtAt'>;

/** Builds next editions beside the live one, one at a time, and lets them take over. */
export class Refresher implements AsyncDisposable {
  readonly #options: MaterializerOptions;
  readonly #live: LiveEdition;
  readonly #compactor: Compactor;
  readonly #follower: Follower;
  readonly #publisher: CheckpointPublisher;
  readonly #letters: LetterWork;
  readonly #refreshes = new Turns();
  readonly #closing = new AbortController();
  /** By what the previous edition was kept, where this process knows. */
  #before: { readonly number: number; readonly project: Project; readonly catalog: TopicCatalog } | null = null;

  constructor(
    options: MaterializerOptions,
    live: LiveEdition,
    compactor: Compactor,
    follower: Follower,
    publisher: CheckpointPublisher,
    letters: LetterWork,
  ) {
    this.#letters = letters;
    this.#options = options;
    this.#live = live;
    this.#compactor = compactor;
    this.#follower = follower;
    this.#publisher = publisher;
  }

  /** A refresh as a run asks for it; null when the signal was aborted before it took over. */
  fullRefresh(options: RunOptions, signal: AbortSignal): Promise<Refreshed | null> {
    const { allowDataLoss, skipTests, onProgress: tell } = options;
    const models = options.models?.filter((name) => !this.#live.edition.project.leftOut.has(name));
    const builtBy = models === undefined ? 'full refresh' : `refresh of ${models.join(', ')}`;
    return unlessAborted(signal, this.refresh({ builtBy, models, allowDataLoss, skipTests, signal, tell }));
  }

  /**
   * Preflight, replay or rebuild, catch up, tests, swap. Whatever goes wrong before the swap leaves the live edition as it is and removes the
   * other: LOG_HISTORY_GONE, DISK_FULL, MODEL_FAILED, TESTS_FAILED, the signal's reason.
   */
  refresh(options: RefreshOptions): Promise<Refreshed> {
    const signal = AbortSignal.any([options.signal, this.#closing.signal]);
    return this.#refreshes.take(() => this.#letters.unchanged(() => this.#refresh({ ...options, signal })));
  }

  async #refresh(options: RefreshOptions): Promise<Refreshed> {
    const { signal, tell, models } = options;
    signal.throwIfAborted();
    const { whole, catalog: own, broken } = this.#live.edition;
    const { project, catalog } = options.by ?? { project: whole, catalog: own };
    const { dataDir, log, batch, bulk, warehouse } = this.#options;
    const fromLog = models === undefined;
    const phase = (name: RefreshPhase, message: string): void => tell?.({ kind: 'phase', phase: name, message });
    const allowDataLoss = options.allowDataLoss === true;
    const checked = { edition: this.#live.edition, project, log, dataDir, fromLog, allowDataLoss };
    const found = await preflight(checked);
    tell?.({ kind: 'preflight', preflight: found });

    const { edition: live } = this.#live;
    const origin: EditionOrigin = fromLog ? { from: 'log', decided: live } : { from: 'live', live, rebuild: models };
    const onProgress = (progress: EditionProgress): void => tell?.({ kind: 'progress', ...progress });
    await using next = await NextEdition.open(origin, {
      project,
      catalog,
      warehouse,
      dataDir,
      log,
      broken,
      letters: await this.#live.read(settledLetters),
      batch,
      bulk,
      signal,
      onProgress,
    });
    const changed = next.edition.changes.filter(({ cause }) => cause !== 'removed').map(({ name }) => name);
    const rebuilt = [...new Set([...changed, ...next.left])];
    phase(
      fromLog ? 'replay' : 'rebuild',
      fromLog ? `replaying the log into ${next.file}` : rebuildText(rebuilt, next.left.length > 0, next.file),
    );
    if (options.dropLeft === true) await next.dropLeft();
    await next.advanceToEnd(fromLog ? 'replay' : 'rebuild', { bulk: fromLog });
    phase('catch up', 'catching up with what came meanwhile');
    await next.catchUp();
    const tests = next.edition.project.tests.filter(
      ({ dependsOn }) => fromLog || dependsOn.models.some((name) => rebuilt.includes(name)),
    );
    if (options.skipTests !== true && tests.length > 0) {
      phase('tests', `running ${tests.length} data tests on it`);
      await requireTests({ edition: next.edition, log, tests, signal, onProgress });
      await next.catchUp();
    }
    phase('swap', 'taking over');
    const built = { builtBy: options.builtBy, builtAt: new Date().toISOString() };
    return await this.#takeOver(
      next,
      { ...built, fromLog, tests: options.skipTests === true ? 0 : tests.length },
      signal,
    );
  }

  /**
   * Returns to the edition before the live one, caught up, which then is the previous one. EDITION_UNKNOWN when there is none; what it
   * needs of the log must still be there (LOG_OFFSET_OUT_OF_RANGE).
   */
  rollback(options: Pick<RefreshOptions, 'signal' | 'tell'>): Promise<Refreshed> {
    const signal = AbortSignal.any([options.signal, this.#closing.signal]);
    return this.#refreshes.take(() => this.#letters.unchanged(() => this.#rollback({ ...options, signal })));
  }

  async #rollback({ signal, tell }: Pick<RefreshOptions, 'signal' | 'tell'>): Promise<Refreshed> {
    signal.throwIfAborted();
    const { dataDir } = this.#options;
    const { previous } = readEditions(dataDir);
    if (previous === null) {
      throw new LensError('EDITION_UNKNOWN', 'there is no edition before the live one', {
        hint: 'a full refresh keeps the one it replaces; lens editions lists what there is',
      });
    }
    const { file, number, builtBy, builtAt } = previous;
    const place = path.join(dataDir, file);
    // Half caught up, its tables are at no checkpoint.
    using _reserved = this.#live.reserve(place, `a rollback is catching edition ${number} up, and it takes over then`);
    await this.#live.release(place, 'interrupted, since a rollback returns to the edition it reads');
    const { whole, catalog: own, broken } = this.#live.edition;
    const { project, catalog } = this.#before?.number === number ? this.#before : { project: whole, catalog: own };
    const letters = await this.#live.read(settledLetters);
    const onProgress = (progress: EditionProgress): void => tell?.({ kind: 'progress', ...progress });
    await using next = await NextEdition.open(
      { from: 'kept', file, number },
      { ...this.#options, project, catalog, broken, letters, signal, onProgress },
    );
    tell?.({ kind: 'phase', phase: 'catch up', message: `catching up edition ${number} with what came since` });
    await next.catchUp();
    tell?.({ kind: 'phase', phase: 'swap', message: 'taking over' });
    return await this.#takeOver(next, { builtBy, builtAt, fromLog: false, tests: 0 }, signal);
  }

  /**
   * Builds an edition as of an earlier point of the log, for reading only, beside the live one. USAGE for a name that is taken; LOG_HISTORY_GONE,
   * LOG_OFFSET_OUT_OF_RANGE, DISK_FULL, MODEL_FAILED, the signal's reason.
   */
  replay(options: ReplayRequest & { readonly signal: AbortSignal }): Promise<EditionEntry> {
    const signal = AbortSignal.any([options.signal, this.#closing.signal]);
    return this.#refreshes.take(() =>
      this.#letters.unchanged(() => replayNamed(this.#options, this.#live, { ...options, signal })),
    );
  }

  /** Work during which no edition is built or swapped; left out when one is. */
  async unlessBusy(work: () => Promise<void>): Promise<void> {
    if (!this.#refreshes.isTaken) await this.#refreshes.take(work);
  }

  /** Work during which no edition is built or swapped. */
  without<T>(work: () => Promise<T>): Promise<T> {
    return this.#refreshes.take(work);
  }

  /** The last records, then the swap. */
  async #takeOver(
    next: NextEdition,
    { fromLog, tests, ...built }: Built & { readonly fromLog: boolean; readonly tests: number },
    signal: AbortSignal,
  ): Promise<Refreshed> {
    let [heldMilliseconds, lastRecordsMilliseconds] = [0, 0];
    const previous = readEditions(this.#options.dataDir).live.number;
    await this.#compactor.without(async () => {
      // From here on the live edition is not compacted: what its readers have seen of such models is no newer than what they are given next.
      await next.catchUp();
      // While following is held no checkpoint is written, neither of this file nor of the one that goes out: what comes then stays in their logs.
      await next.edition.writeFile();
      // What came during that, so that less is left.
      await next.advanceToEnd('catch up', { compaction: false });
      await this.#follower.hold(async () => {
        const started = performance.now();
        await next.advanceToEnd('catch up', { compaction: false });
        // A seed may have been loaded into the live edition meanwhile.
        if (await seedsDiffer(this.#live.edition, next.edition)) await loadChangedSeeds(next.edition);
        if (fromLog) await next.carryOver(this.#live.edition);
        const left = await takeHookObjects(this.#live.edition, next.edition);
        lastRecordsMilliseconds = performance.now() - started;
        signal.throwIfAborted();
        await next.closeFile();
        await this.#live.replace(() => this.#swap(next, built));
        heldMilliseconds = performance.now() - started;
        for (const message of left) this.#options.onEvent({ kind: 'notice', severity: 'warning', message });
      });
      await next[Symbol.asyncDispose]();
      await removeUnnamed(this.#options.dataDir);
    });
    this.#options.onEvent({ kind: 'swap', milliseconds: heldMilliseconds, lastRecordsMilliseconds });
    await this.#compactor.compact(false);
    await this.#publisher.publishNow();
    return { edition: next.number, previous, records: next.records, tests, heldMilliseconds };
  }

  /** From here on there is no way back but the one by the files: a crash, or an error, is finished by the next start. */
  async #swap(next: NextEdition, built: Built): Promise<Edition> {
    const { dataDir, warehouse } = this.#options;
    const { edition: before } = this.#live;
    const checkpoint = (await before.checkpoint()).map(({ topic, partition, nextOffset }) => {
      return { topic, partition, nextOffset };
    });
    const { number } = readEditions(dataDir).live;
    await before.retire();
    await swapEditions(dataDir, { ...built, file: next.file, number: next.number }, checkpoint);
    before.warehouse.movedTo(path.join(dataDir, editionFileName(number)));
    this.#before = { number, project: before.whole, catalog: before.catalog };
    const { whole: project, catalog } = next.edition;
    return Edition.open(liveFile(dataDir), { project, catalog, warehouse }, next.edition);
  }

  /** Ends what is under way, and waits for it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new Error('the warehouse is being closed'));
    await this.#refreshes.take(async () => {});
  }
}

/** @param more whether some are not built yet: those that the project changed are when the edition is opened */
function rebuildText(rebuilt: readonly string[], more: boolean, file: string): string {
  if (rebuilt.length === 0) return `nothing to build in ${file}`;
  return `${more ? 'rebuilding' : 'built'} ${rebuilt.join(', ')} in ${file}`;
}
