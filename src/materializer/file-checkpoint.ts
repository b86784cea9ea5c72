import type { Connection } from '../warehouse/connection.ts';
import { isStorageFailure } from '../warehouse/storage-failure.ts';

/** DuckDB's file checkpoint of so many folded records takes half a second over ten million facts; of all in between, more. */
export const RECORDS_BEFORE_CHECKPOINT = 100_000;

/** DuckDB's checkpoint of the file: what the write-ahead log holds goes into the file itself, so that a start need not replay it. */
export class FileCheckpoint {
  readonly #connection: Connection;
  /** Records, since the last one. */
  #folded = 0;
  /** Those who want the file to stay as it is. */
  #keeping = 0;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  folded(records: number): void {
    this.#folded += records;
  }

  /** Whether much has been folded since the last one. */
  get isDue(): boolean {
    return this.#folded >= RECORDS_BEFORE_CHECKPOINT;
  }

  /** Writes it when rows that no checkpoint has written yet take more than so many bytes, in memory or put out of it. */
  async writeWhenOver(bytes: number): Promise<void> {
    const unwritten = await this.#connection.number(
      "select memory_usage_bytes + temporary_storage_bytes from duckdb_memory() where tag = 'IN_MEMORY_TABLE'",
    );
    if (unwritten > bytes) await this.write();
  }

  /** Left out where something stands against it: a query, or who keeps the file. DISK_FULL, WAREHOUSE_UNREADABLE. */
  async write(): Promise<void> {
    if (this.#keeping > 0) return;
    const written = await this.#connection.run('checkpoint').then(
      () => true,
      (error: unknown) => {
        if (isStorageFailure(error)) throw error;
        return false;
      },
    );
    if (written) this.#folded = 0;
  }

  /** Work during which the file stays as the last checkpoint left it; commits go on. */
  async keepingFile<T>(work: () => Promise<T>): Promise<T> {
    this.#keeping++;
    try {
      return await work();
    } finally {
      this.#keeping--;
    }
  }
}
