import { existsSync, renameSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { makeFolder } from '../core/make-folder.ts';
import { LensError, messageOf } from '../core/errors.ts';
import { closeInstance } from './close-instance.ts';
import { Connection } from './connection.ts';
import { LOOKED_UP_KEYS } from './key-indexes.ts';
import { migrate } from './migrations.ts';
import { ident } from './sql.ts';
import { DAMAGED_HINT } from './storage-failure.ts';

export interface WarehouseOptions {
  /** DuckDB's memory_limit, as `2GB`. */
  readonly memoryLimit?: string | undefined;
  readonly threads?: number | undefined;
  /** Rows from which on a table's key is indexed (key-indexes.ts). */
  readonly indexFromRows?: number | undefined;
  /** Nothing is written: the system tables stay as the release that wrote the file has them, so that only SQL of a user may ask for these. */
  readonly readOnly?: boolean | undefined;
  /** Nothing is kept: the file is a name alone. */
  readonly inMemory?: boolean | undefined;
}

/** How DuckDB is set up for SQL of models, whatever the file. */
export const DUCKDB_SETTINGS: Readonly<Record<string, string>> = {
  autoinstall_known_extensions: 'false',
  autoload_known_extensions: 'false',
  enable_external_access: 'false',
  // DuckDB 1.5 turns `row_number() ... = 1` into arg_min(), which passes over nulls, when the open transaction has written
  // to the table: the latest row of a key would not be the one with the null that just came.
  disabled_optimizers: 'top_n_window_elimination',
};

/** Files open in this process: a second DuckDB instance on one file would corrupt it (facts: measured). */
const open = new Set<string>();
let instances = 0;

/**
 * One DuckDB file with its system tables, one writer process, many connections.
 *
 * The file is opened without access to anything outside of it and with its configuration locked, so that no SQL of a
 * user can read files, load extensions or lift a limit.
 */
export class Warehouse implements AsyncDisposable {
  #path: string;
  /** Says what was done when the write-ahead log could not be replayed at open; otherwise null. */
  readonly recovery: string | null;
  readonly #instance: DuckDBInstance;
  #fileClosed = false;
  #closed: Promise<void> | null = null;

  private constructor(file: string, instance: DuckDBInstance, recovery: string | null) {
    this.#path = file;
    this.#instance = instance;
    this.recovery = recovery;
  }

  /** Where the file is now. */
  get path(): string {
    return this.#path;
  }

  /**
   * Opens or creates a warehouse. WAREHOUSE_LOCKED when another process (or this one) holds it, WAREHOUSE_UNREADABLE
   * when it is not a DuckDB file, WAREHOUSE_NEWER when a newer release wrote it.
   */
  static async open(file: string, options: WarehouseOptions = {}): Promise<Warehouse> {
    const warehouse = await Warehouse.#asItIs(file, options);
    try {
      using connection = await warehouse.connect();
      if (options.readOnly !== true) await migrate(connection);
      // The same SQL gives the same rows on every machine: dates of points in time are dates in UTC. Texts that are mostly different
      // are stored unpacked (decision 16): DuckDB 1.5.6 takes no heed of that setting when it is given at creation.
      await connection.run(
        "set global TimeZone = 'UTC'; set global disabled_compression_methods = 'fsst'; set lock_configuration = true",
      );
    } catch (error) {
      await warehouse[Symbol.asyncDispose]();
      throw error;
    }
    return warehouse;
  }

  /**
   * Opens one that is kept, for reading only. Where it has a write-ahead log, as one that was swapped out, that is put into its file
   * first: else whoever reads it would have to replay it, each time.
   */
  static async openToRead(file: string, options: WarehouseOptions = {}): Promise<Warehouse> {
    if (existsSync(file) && existsSync(`${file}.wal`)) {
      await (await Warehouse.#asItIs(file, options))[Symbol.asyncDispose]();
    }
    return Warehouse.open(file, { ...options, readOnly: true });
  }

  static async #asItIs(file: string, options: WarehouseOptions): Promise<Warehouse> {
    makeFolder(path.dirname(file));
    const real = warehousePlace(file);
    if (open.has(real)) throw locked(file, 'it is already open in this process');
    const { instance, recovery } = await openInstance(real, options);
    open.add(real);
    return new Warehouse(real, instance, recovery);
  }

  /** A new connection; whoever asks closes it. */
  async connect(): Promise<Connection> {
    return new Connection(await this.#instance.connect(), this.path);
  }

  /**
   * No checkpoint is written any more, also not when it is closed, so that the file, and its write-ahead log, may get another name while
   * queries go on: DuckDB keeps the open file, but would find its log by the name it was opened by, which then may be another warehouse's.
   * Say {@link movedTo} once it is.
   */
  async writeNoMore(): Promise<void> {
    using connection = await this.connect();
    await connection.run('pragma disable_checkpoint_on_shutdown');
  }

  movedTo(file: string): void {
    open.delete(this.#path);
    this.#path = warehousePlace(file);
    open.add(this.#path);
  }

  /**
   * Closes the file alone, which is quick: what DuckDB has in memory goes when this is disposed. All connections must be closed before,
   * and none may be asked for any more.
   */
  async closeFile(): Promise<void> {
    {
      using connection = await this.connect();
      const [row] = await connection.rows<{ name: string }>('select current_database() as name');
      await connection.run(`attach ':memory:' as lens_closed; use lens_closed; detach ${ident(row?.name ?? '')}`);
    }
    this.#leaveFile();
  }

  /** Closes the file, beside the event loop. All connections must be closed before. May be called again. */
  async [Symbol.asyncDispose](): Promise<void> {
    await (this.#closed ??= closeInstance(this.#instance).finally(() => this.#leaveFile()));
  }

  #leaveFile(): void {
    // Under its name there may be another file of ours by now.
    if (!this.#fileClosed) open.delete(this.#path);
    this.#fileClosed = true;
  }
}

/** The one name of a warehouse's file, as {@link Warehouse.path} has it; its folder must be there. */
export function warehousePlace(file: string): string {
  return path.join(realpathSync(path.dirname(file)), path.basename(file));
}

async function openInstance(
  file: string,
  options: WarehouseOptions,
): Promise<{ instance: DuckDBInstance; recovery: string | null }> {
  try {
    return { instance: await create(file, options), recovery: null };
  } catch (error) {
    const message = messageOf(error);
    if (/could not set lock|conflicting lock/i.test(message)) throw locked(file, lockHolder(message), error);
    if (existsSync(`${file}.wal`) && /wal|replay|checksum|corrupt/i.test(message)) return recover(file, options);
    throw new LensError('WAREHOUSE_UNREADABLE', `cannot open the warehouse: ${message}`, {
      place: file,
      hint: DAMAGED_HINT,
      cause: error,
    });
  }
}

/**
 * A write-ahead log whose tail is garbage makes DuckDB refuse to open the file at all. Data and checkpoint rewind
 * together to the file's last checkpoint, so putting the log aside and reading on from there loses nothing.
 */
async function recover(
  file: string,
  options: WarehouseOptions,
): Promise<{ instance: DuckDBInstance; recovery: string | null }> {
  let n = 1;
  while (existsSync(`${file}.wal.damaged-${n}`)) n++;
  const aside = `${file}.wal.damaged-${n}`;
  renameSync(`${file}.wal`, aside);
  const instance = await create(file, options);
  return {
    instance,
    recovery: `the write-ahead log was damaged and is kept as ${path.basename(aside)}; reading on from the last checkpoint`,
  };
}

function create(file: string, options: WarehouseOptions): Promise<DuckDBInstance> {
  return DuckDBInstance.create(options.inMemory === true ? ':memory:' : file, {
    // Never that of another instance: one that was moved is still at work under the name this one has now.
    temp_directory: `${file}.tmp-${process.pid}-${++instances}`,
    ...DUCKDB_SETTINGS,
    ...(options.readOnly === true ? { access_mode: 'READ_ONLY' } : {}),
    // Checkpoints are for the compaction job: inside a batch's commit one costs 100 to 400 ms.
    checkpoint_threshold: '4GB',
    // So many keys looked up by a join are handed to the scan, which finds them by an index (key-indexes.ts).
    dynamic_or_filter_threshold: String(LOOKED_UP_KEYS),
    ...(options.memoryLimit === undefined ? {} : { memory_limit: options.memoryLimit }),
    ...(options.threads === undefined ? {} : { threads: String(options.threads) }),
  });
}

function locked(file: string, why: string, cause?: unknown): LensError {
  return new LensError('WAREHOUSE_LOCKED', `another writer holds the warehouse: ${why}`, {
    place: file,
    hint: 'stop the other process, or give this one a data directory of its own with --data-dir',
    cause,
  });
}

function lockHolder(message: string): string {
  return /Conflicting lock is held in ([^.]+)/.exec(message)?.[1] ?? message;
}
