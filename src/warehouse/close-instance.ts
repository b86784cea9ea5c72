import type { DuckDBInstance, DuckDBResult } from '@duckdb/node-api';

/**
 * Closes a DuckDB instance beside the event loop; all connections must be closed before. DuckDB gives back its memory and ends its threads on the
 * thread that lets go of it last, 30 to 200 ms over some hundred MB, and `closeSync` is one on the event loop: every query of the process
 * waits. So a result without rows holds on to the instance, until its end is read, which node-api does on another thread (DuckDB 1.5.6).
 */
export async function closeInstance(instance: DuckDBInstance): Promise<void> {
  const last = await lastResult(instance);
  instance.closeSync();
  await last?.fetchChunk().catch(() => null);
}

/** Null of an instance that answers nothing any more, as after a full disk. */
async function lastResult(instance: DuckDBInstance): Promise<DuckDBResult | null> {
  try {
    const connection = await instance.connect();
    try {
      return await connection.stream('select 1 where false');
    } finally {
      connection.closeSync();
    }
  } catch {
    return null;
  }
}
