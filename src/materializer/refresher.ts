import path from 'node:path';
import type { Project } from '../project/project-contract.ts';
import type { TopicCatalog } from '../topics/catalog.ts';
import type { CheckpointPublisher } from './checkpoint-publisher.ts';
import type { Compactor } from './compactor.ts';
import { Edition } from './edition.ts';
import { swapEditions } from './edition-swap.ts';
import { requireTests } from './edition-tests.ts';
import { editionFileName, liveFile, readEditions } from './editions-file.ts';
import type { Follower } from './follower.ts';
import type { LetterWork } from './letter-work.ts';
import type { LiveEdition } from './live-edition.ts';
import type { MaterializerOptions } from './materializer-options.ts';
import { type EditionOrigin, NextEdition } from './next-edition.ts';
import { neverRefreshed, preflight } from './preflight.ts';
import { storedReaders } from './prepare-relations.ts';
import { settledLetters } from './replay-letters.ts';
import type { Refreshed, RefreshPhase, RefreshSink } from './refresh-contract.ts';
import { Turns } from './turns.ts';

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
  readonly allowDataLoss?: boolean | undefined;
  readonly skipTests?: boolean | undefined;
  /** Ends it before the swap: the live edition stays. */
  readonly signal: AbortSignal;
  readonly tell?: RefreshSink | undefined;
}

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

  /**
   * Preflight, replay or rebuild, catch up, tests, swap. Whatever goes wrong before the swap leaves the live edition as it is and removes the
   * other: LOG_HISTORY_GONE, DISK_FULL, MODEL_FAILED, TESTS_FAILED, the signal's reason.
   */
  refresh(options: RefreshOptions): Promise<Refreshed> {
    const signal = AbortSignal.any([options.signal, this.#closing.signal]);
    return this.#refreshes.take(() => this.#letters.unchanged(() => this.#refresh({ ...options, signal })));
  }

  async #refresh(options: RefreshOptions): Promise<Refreshed> {
    const { signal, tell, models, by = this.#live.edition } = options;
    signal.throwIfAborted();
    const { project, catalog } = by;
    const { dataDir, log, batch, bulk, warehouse } = this.#options;
    const fromLog = models === undefined;
    const phase = (name: RefreshPhase, message: string): void => tell?.({ kind: 'phase', phase: name, message });
    const allowDataLoss = options.allowDataLoss === true;
    const checked = { edition: this.#live.edition, project, log, dataDir, fromLog, allowDataLoss };
    const found = await preflight(checked);
    tell?.({ kind: 'preflight', preflight: found });

    const { edition: live } = this.#live;
    const rebuild = (models ?? []).filter((name) => !neverRefreshed(project.model(name)));
    const origin: EditionOrigin = fromLog ? { from: 'log', decided: live } : { from: 'live', live, rebuild };
    const onProgress: NonNullable<Parameters<typeof NextEdition.open>[1]['onProgress']> = (progress) =>
      tell?.({ kind: 'progress', ...progress });
    await using next = await NextEdition.open(origin, {
      project,
      catalog,
      warehouse,
      dataDir,
      log,
      letters: await this.#live.read(settledLetters),
      batch,
      bulk,
      signal,
      onProgress,
    });
    const rebuilt = [...storedReaders(next.edition.plans, rebuild)];
    phase(
      fromLog ? 'replay' : 'rebuild',
      fromLog ? `replaying the log into ${next.file}` : `rebuilding ${rebuilt.join(', ')} in ${next.file}`,
    );
    await next.advanceToEnd(fromLog ? 'replay' : 'rebuild', fromLog);
    phase('catch up', 'catching up with what came meanwhile');
    await next.catchUp();
    const tests = project.tests.filter(
      ({ dependsOn }) => fromLog || dependsOn.models.some((name) => rebuilt.includes(name)),
    );
    if (options.skipTests !== true && tests.length > 0) {
      phase('tests', `running ${tests.length} data tests on it`);
      using connection = await next.edition.warehouse.connect();
      await requireTests(connection, tests, signal, (done) => {
        onProgress({ label: 'tests', done, total: tests.length });
      });
      connection[Symbol.dispose]();
      await next.catchUp();
    }
    phase('swap', 'taking over');
    const heldMilliseconds = await this.#takeOver(next, options.builtBy, signal);
    const { live: now, previous } = readEditions(dataDir);
    return {
      edition: now.number,
      previous: previous?.number ?? 0,
      records: next.records,
      tests: options.skipTests === true ? 0 : tests.length,
      heldMilliseconds,
    };
  }

  /** The last records, then the swap. Gives how long following was held. */
  async #takeOver(next: NextEdition, builtBy: string, signal: AbortSignal): Promise<number> {
    let heldMilliseconds = 0;
    await this.#compactor.without(() =>
      this.#follower.hold(async () => {
        const started = performance.now();
        await next.advanceToEnd('catch up');
        signal.throwIfAborted();
        await next.close();
        await this.#swap(next, builtBy);
        heldMilliseconds = performance.now() - started;
      }),
    );
    this.#options.onEvent({ kind: 'swap', milliseconds: heldMilliseconds });
    await this.#publisher.publishNow();
    return heldMilliseconds;
  }

  /** From here on there is no way back but the one by the files: a crash, or an error, is finished by the next start. */
  async #swap(next: NextEdition, builtBy: string): Promise<void> {
    const { dataDir, warehouse } = this.#options;
    const { edition: before } = this.#live;
    const { project, catalog } = next.edition;
    const { number } = readEditions(dataDir).live;
    await before.retire();
    swapEditions(dataDir, { file: next.file, number: next.number, builtBy, builtAt: new Date().toISOString() });
    before.warehouse.movedTo(path.join(dataDir, editionFileName(number)));
    this.#live.replace(await Edition.open(liveFile(dataDir), { project, catalog, warehouse }, next.edition));
  }

  /** Ends what is under way, and waits for it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new Error('the warehouse is being closed'));
    await this.#refreshes.take(async () => {});
  }
}
