import { readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { pid } from 'node:process';
import { LensError } from '../../core/errors.ts';
import type { PartitionOffsets } from '../../log/event-log.ts';
import { copyDatabase } from '../../warehouse/copy-database.ts';
import { dropLeft } from '../changes/left-relations.ts';
import { readStoredModels } from '../changes/stored-models.ts';
import { carryOver } from './carry-over.ts';
import { consume } from '../consume.ts';
import { Edition } from '../edition.ts';
import { withOwnAnswers } from '../edition-answers.ts';
import { editionFileName, readEditions, writeEditions } from '../editions-file.ts';
import { removeEdition } from './edition-swap.ts';
import { dropForRefresh } from './drop-for-refresh.ts';
import { loadChangedSeeds } from '../seeds/load-seeds.ts';
import { neverRefreshed } from '../models/never-refreshed.ts';
import type { Advance, EditionOrigin, NextEditionOptions } from './next-edition-contract.ts';
import { PinnedLog } from './pinned-log.ts';
import { withLetters } from '../dead-letters/replay-letters.ts';

/** Caught up when a pass over what came meanwhile takes no longer. */
const CAUGHT_UP_MS = 1000;
/** Another pass is worth it while each takes at most this part of the one before. */
const GETS_SHORTER = 0.8;

/** Files that are being built by this process: others that no record names are left over. */
const inUse = new Set<string>();
const NAME = /^(warehouse\.edition-\d+\.duckdb)(\..+)?$/;

/**
 * The next edition of the warehouse while it is built beside the live one, which goes on serving and following. It is `edition` to
 * whoever tests or compares it; {@link close} makes it ready to take over, disposing it without that removes it.
 */
export class NextEdition implements AsyncDisposable {
  readonly number: number;
  /** Name in the data folder. */
  readonly file: string;
  #edition: Edition;
  readonly #options: NextEditionOptions;
  readonly #kept: boolean;
  /** Models of a copy that were left to be rebuilt. */
  readonly left: readonly string[];
  #closed = false;
  #records = 0;

  private constructor(
    number: number,
    file: string,
    edition: Edition,
    options: NextEditionOptions,
    kept: boolean,
    left: readonly string[],
  ) {
    this.number = number;
    this.file = file;
    this.#edition = edition;
    this.#options = options;
    this.#kept = kept;
    this.left = left;
  }

  /** Takes the next number and makes the file. Throws what {@link Edition.open} throws. */
  static async open(origin: EditionOrigin, options: NextEditionOptions): Promise<NextEdition> {
    const { dataDir, signal } = options;
    const number = origin.from === 'kept' ? origin.number : await takeNumber(dataDir);
    const name = origin.from === 'kept' ? origin.file : editionFileName(number);
    const file = path.resolve(dataDir, name);
    const kept = origin.from === 'kept';
    inUse.add(name);
    try {
      if (origin.from === 'live')
        await origin.live.file.keepingFile(() => copyDatabase(origin.live.path, file, signal));
      const edition = await Edition.open(file, options);
      for (const [seed, error] of edition.broken) if (!options.broken.has(seed)) throw await closedWith(edition, error);
      // from the log nothing of them would be there
      const faulty = origin.from === 'log' ? edition.whole.faulty.values() : [];
      for (const error of faulty) throw await closedWith(edition, error);
      await loadChangedSeeds(edition);
      if (origin.from === 'live') await dropForRefresh(edition, origin.rebuild);
      const left = origin.from === 'live' ? edition.leaveForRebuild(origin.rebuild) : [];
      if (origin.from === 'log' && origin.decided !== undefined) {
        using decided = await origin.decided.warehouse.connect();
        await edition.gates.takeDecisions(decided);
      }
      const log = await withLetters(edition, options.letters, options);
      return new NextEdition(number, name, edition, { ...options, log }, kept, left);
    } catch (error) {
      inUse.delete(name);
      if (!kept) removeEdition(file);
      throw error;
    }
  }

  /** Another object once templates have been answered anew. */
  get edition(): Edition {
    return this.#edition;
  }

  /** Records applied so far. */
  get records(): number {
    return this.#records;
  }

  /**
   * Lands everything before the ends, from where the edition stands, and makes every model equal to its SQL over that. MODEL_FAILED,
   * MODEL_KEY_NOT_UNIQUE or MODEL_CONSTRAINT_BROKEN when one fails: what the live edition still has would be lost. Throws the signal's reason when aborted.
   */
  async advance(ends: readonly PartitionOffsets[], label: string, how: Advance = {}): Promise<void> {
    const { bulk = false, compaction = true } = how;
    const { log, catalog, batch, bulk: bounds, signal, onProgress } = this.#options;
    const total = await this.#lag(ends);
    if (total > 0) onProgress?.({ label, done: 0, total });
    const consumed = await consume(this.edition, {
      log: new PinnedLog(log, ends, new Set()),
      catalog,
      batch,
      bulk: bounds,
      until: ends,
      signal,
      alwaysBulk: bulk,
      exclusive: (work) => work(),
      onEvent: (event) => {
        if (event.kind === 'batch') onProgress?.({ label, done: Math.max(0, total - event.lag), total });
      },
    });
    signal.throwIfAborted();
    this.#records += consumed.records;
    await this.#bringUp(compaction);
    if (!compaction) return;
    const built = this.#edition;
    this.#edition = await withOwnAnswers(built);
    if (this.#edition !== built) await this.#bringUp(true);
  }

  async #bringUp(compaction: boolean): Promise<void> {
    // What failed on the way may have been mended since.
    const folded = await this.edition.rebuildFolded();
    if (folded.failed[0] !== undefined) throw withLiveStanding(folded.failed[0]);
    if (compaction) await this.#compact();
  }

  /**
   * Takes over what the live edition has of models with `full_refresh: false`, which must not be followed meanwhile: both come to stand at the same
   * checkpoint. What reads such a model is rebuilt.
   */
  async carryOver(live: Edition): Promise<void> {
    if (!this.edition.plans.some(({ model }) => neverRefreshed(this.edition.project.model(model)))) return;
    const { log, batch, bulk, signal } = this.#options;
    const { catalog } = live;
    await this.#compact();
    const until = (await this.edition.checkpoint()).map(({ topic, partition, firstOffset, nextOffset }) => {
      return { topic, partition, low: firstOffset, end: nextOffset };
    });
    const pinned = new PinnedLog(log, until, new Set());
    const exclusive = <T>(work: () => Promise<T>): Promise<T> => work();
    await consume(live, { log: pinned, catalog, batch, bulk, until, signal, exclusive, onEvent: () => {} });
    await live.compaction.run(false);
    const carried = await carryOver(live, this.edition);
    if (carried.length === 0) return;
    this.edition.leaveForRebuild(carried);
    await this.advance(until, 'carry over');
  }

  /**
   * The same up to where the log ends, again and again, until no more came meanwhile than a second's work, or passes get no shorter: then
   * so much comes in all the time.
   */
  async catchUp(label = 'catch up'): Promise<void> {
    for (let last = Number.POSITIVE_INFINITY; ;) {
      const ends = await this.#ends();
      if ((await this.#lag(ends)) === 0 && !(await this.edition.compaction.isNeeded())) return;
      const started = performance.now();
      await this.advance(ends, label);
      const took = performance.now() - started;
      if (took < CAUGHT_UP_MS || took > last * GETS_SHORTER) return;
      last = took;
    }
  }

  /** Drops the relations that models have left. */
  async dropLeft(): Promise<void> {
    using connection = await this.edition.warehouse.connect();
    await connection.transaction(async () => {
      await dropLeft(connection, await readStoredModels(connection), this.edition.project.leftOut);
    });
  }

  /** Up to where the log ends now. */
  async advanceToEnd(label: string, how: Advance = {}): Promise<void> {
    await this.advance(await this.#ends(), label, how);
  }

  /** Closes the file: it can be kept under a name. */
  async close(): Promise<void> {
    await this.edition.file.write();
    await this.edition[Symbol.asyncDispose]();
    this.#closed = true;
    inUse.delete(this.file);
  }

  /**
   * Closes the file alone, as quickly as can be: it can take over. What came since DuckDB's last checkpoint is left in the write-ahead log, which
   * goes with the file, and what DuckDB has of it in memory until this is disposed.
   */
  async closeFile(): Promise<void> {
    await this.edition.retire();
    await this.edition.warehouse.closeFile();
    this.#closed = true;
    inUse.delete(this.file);
  }

  /** Removes what was not closed. May be called again. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) {
      await this.edition[Symbol.asyncDispose]();
      return;
    }
    this.#closed = true;
    try {
      await this.edition[Symbol.asyncDispose]();
    } finally {
      inUse.delete(this.file);
      if (!this.#kept) removeEdition(path.resolve(this.#options.dataDir, this.file));
    }
  }

  async #compact(): Promise<void> {
    const { failed } = await this.edition.compaction.run(false);
    if (failed[0] !== undefined) throw withLiveStanding(failed[0]);
  }

  #ends(): Promise<PartitionOffsets[]> {
    return this.#options.log.offsets(this.#options.catalog.contracts.map((contract) => contract.name));
  }

  /** Records before the ends that are not applied yet. */
  async #lag(ends: readonly PartitionOffsets[]): Promise<number> {
    const checkpoint = await this.edition.checkpoint();
    return ends.reduce((sum, { topic, partition, low, end }) => {
      const entry = checkpoint.find((one) => one.topic === topic && one.partition === partition);
      return sum + Math.max(0, end - (entry?.nextOffset ?? low));
    }, 0);
  }
}

async function closedWith(edition: Edition, error: LensError): Promise<LensError> {
  await edition[Symbol.asyncDispose]();
  return error;
}

/** A model's failure in an edition that will not take over. */
function withLiveStanding(failure: Error): Error {
  if (!(failure instanceof LensError)) return failure;
  const { code, message, place, fields, cause } = failure;
  const hint = `lens compile ${place} prints its SQL; the live edition stays as it is`;
  return new LensError(code, message, { place, hint, fields, cause });
}

async function takeNumber(dataDir: string): Promise<number> {
  const editions = readEditions(dataDir);
  if (editions.swap !== null) throw new LensError('INTERNAL', 'a swap is not finished yet');
  await writeEditions(dataDir, { ...editions, next: editions.next + 1 });
  return editions.next;
}

/** What DuckDB spills of the live edition, in a folder by process (warehouse.ts). */
const SPILLED = /^warehouse\.duckdb\.tmp-(\d+)-\d+$/;

/**
 * Removes editions that no record names, which a crash left unfinished or a swap left behind, and what a process that died had spilled. Only for
 * who holds the live one; queries that have one open go on.
 */
export async function removeUnnamed(dataDir: string): Promise<void> {
  const { previous, named, swap } = readEditions(dataDir);
  const kept = new Set([previous?.file, swap?.in, swap?.out, ...named.map(({ file }) => file), ...inUse]);
  for (const name of readdirSync(dataDir)) {
    const file = NAME.exec(name)?.[1];
    const spilledBy = SPILLED.exec(name)?.[1];
    const left = file !== undefined ? !kept.has(file) : spilledBy !== undefined && Number(spilledBy) !== pid;
    if (left) await rm(path.join(dataDir, name), { force: true, recursive: true });
  }
}
