import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { StatementSync } from 'node:sqlite';
import { makeFolder } from '../../core/make-folder.ts';
import { diskFull } from '../../core/disk-full.ts';
import { LensError, messageOf } from '../../core/errors.ts';
import type { ErrorCode } from '../../core/errors.ts';

/** Marks our files among SQLite files ("LENS"). */
const APPLICATION_ID = 0x4c454e53;
const VERSION = 1;
/** How long a process waits for another one's append; each append takes milliseconds. */
const BUSY_MILLISECONDS = 30_000;

/**
 * The file of the embedded log. Nothing in it may be rebuilt: it is the history.
 *
 * - `topics`: topic_id is never used again, so a topic made anew under an old name is another topic; `uuid` is what
 *   people and the warehouse see of it; `settings` is JSON in Kafka's names.
 * - `partitions`: the earliest offset held and the offset after the last record.
 * - `batches`: one row per append; `body` is one Kafka record batch (src/log/batch-layout.ts) with the offsets
 *   base_offset .. last_offset.
 * - `published_checkpoints`: what a consumer group last said of itself, for lag tools; may be deleted.
 */
const SCHEMA = `
  create table topics (
    topic_id integer primary key autoincrement, name text not null unique, uuid text not null,
    partitions integer not null, settings text not null) strict;
  create table partitions (
    topic_id integer not null, partition integer not null, low integer not null, "end" integer not null,
    primary key (topic_id, partition)) strict, without rowid;
  create table batches (
    batch_id integer primary key, topic_id integer not null, partition integer not null,
    base_offset integer not null, last_offset integer not null, body blob not null) strict;
  create unique index batches_by_place on batches (topic_id, partition, last_offset);
  create table published_checkpoints (
    group_name text not null, topic text not null, partition integer not null, next_offset integer not null,
    primary key (group_name, topic, partition)) strict, without rowid;
  pragma application_id = ${APPLICATION_ID};
  pragma user_version = ${VERSION};`;

/**
 * A connection to the file: WAL mode, so that readers and a writer of several processes do not wait for each other, and
 * synchronous FULL, so that what a reader has seen or `flush()` has promised outlives the process and a power failure
 * (an offset given twice to different records would let the warehouse drift from the log unseen).
 */
export class LogFile implements Disposable {
  readonly path: string;
  readonly database: DatabaseSync;
  #ownWrites = 0;
  #dataVersion: StatementSync | undefined;

  /** @throws LOG_UNREACHABLE when the file cannot be opened, LOG_CORRUPT when it is no log of ours or of a newer version */
  constructor(path: string) {
    this.path = path;
    this.database = this.guarded('LOG_UNREACHABLE', () => {
      makeFolder(dirname(path));
      return new DatabaseSync(path, { timeout: BUSY_MILLISECONDS });
    });
    try {
      this.guarded('LOG_UNREACHABLE', () => this.#prepareFile());
    } catch (error) {
      this.database.close();
      throw error;
    }
  }

  /** Differs from before when anyone has committed since: other connections (data_version) or this one. */
  changeStamp(): string {
    this.#dataVersion ??= this.database.prepare('pragma data_version');
    const row = this.#dataVersion.get() as { data_version: number };
    return `${row.data_version}.${this.#ownWrites}`;
  }

  /** Runs the work in one write transaction; waits for other writers, leaves nothing behind when it throws. */
  writing<T>(code: ErrorCode, work: () => T): T {
    this.#ownWrites++;
    return this.#transaction('begin immediate', code, work);
  }

  /** Runs the work on one snapshot. */
  reading<T>(work: () => T): T {
    return this.#transaction('begin', 'LOG_UNREACHABLE', work);
  }

  /** Turns SQLite's errors into ours: LOG_CORRUPT for a damaged file, DISK_FULL, otherwise `code`. */
  guarded<T>(code: ErrorCode, work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (error instanceof LensError) throw error;
      const full = diskFull(error, this.path);
      if (full !== null) throw full;
      const damaged = isDamage(error);
      throw new LensError(damaged ? 'LOG_CORRUPT' : code, `the embedded log failed: ${messageOf(error)}`, {
        place: this.path,
        hint: damaged
          ? 'the file is damaged or is not a log; restore it from a backup or choose another data directory'
          : 'check that the folder exists, is writable, has free space, and that no other program locks the file',
        cause: error,
      });
    }
  }

  [Symbol.dispose](): void {
    if (this.database.isOpen) this.database.close();
  }

  #transaction<T>(begin: string, code: ErrorCode, work: () => T): T {
    return this.guarded(code, () => {
      this.database.exec(begin);
      try {
        const result = work();
        this.database.exec('commit');
        return result;
      } catch (error) {
        if (this.database.isTransaction) this.database.exec('rollback');
        throw error;
      }
    });
  }

  #prepareFile(): void {
    this.database.exec('pragma journal_mode = wal; pragma synchronous = full; pragma cache_size = -16000');
    if (this.#pragma('user_version') === 0 && this.#pragma('application_id') === 0) this.#create();
    if (this.#pragma('application_id') !== APPLICATION_ID)
      throw this.#foreign('this SQLite file is not an embedded log');
    const version = this.#pragma('user_version');
    if (version > VERSION)
      throw this.#foreign(`the embedded log has version ${version}, this program knows ${VERSION}`);
  }

  #create(): void {
    this.writing('LOG_UNREACHABLE', () => {
      const { n } = this.database.prepare('select count(*) n from sqlite_schema').get() as { n: number };
      // Another process may have made the tables since; a file with other tables is not ours.
      if (n === 0) this.database.exec(SCHEMA);
    });
  }

  #pragma(name: 'user_version' | 'application_id'): number {
    return (this.database.prepare(`pragma ${name}`).get() as Record<string, number>)[name] as number;
  }

  #foreign(message: string): LensError {
    return new LensError('LOG_CORRUPT', message, { place: this.path, hint: 'choose another data directory' });
  }
}

/** SQLITE_CORRUPT (11) and SQLITE_NOTADB (26), by their primary result code. */
function isDamage(error: unknown): boolean {
  if (!(error instanceof Error) || !('errcode' in error)) return false;
  const primary = Number(error.errcode) & 255;
  return primary === 11 || primary === 26;
}
