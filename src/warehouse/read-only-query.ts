import { LensError } from '../core/errors.ts';
import type { Connection } from './connection.ts';
import { toJson } from './json-values.ts';
import { queryFailed } from './query-failed.ts';
import { refuseEffects, selectStatement } from './select-statement.ts';
import { streamChunks } from './stream-chunks.ts';

export interface ResultColumn {
  readonly name: string;
  readonly type: string;
}

/** Takes a result piece by piece: its columns once, then its rows as JSON values. The next piece comes when one is taken. */
export interface ResultSink {
  columns(columns: readonly ResultColumn[]): void | Promise<void>;
  rows(rows: readonly (readonly unknown[])[]): void | Promise<void>;
}

export interface ReadOnlyBounds {
  /** Rows beyond are left out, and the end says so. */
  readonly maxRows: number;
  /** How long DuckDB may work on it; waiting for the sink does not count. */
  readonly timeoutMs: number;
  /** Ends the query; its reason is thrown if it is a LensError. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs one SELECT of a user and hands its rows to a sink, a DuckDB chunk (2048 rows) at a time.
 *
 * QUERY_REFUSED for what select-statement.ts does not let pass. The connection must be one of its own.
 * QUERY_FAILED carries DuckDB's message, or says that time was up or the result is not wanted any more.
 */
export async function readOnlyQuery(
  connection: Connection,
  sql: string,
  { maxRows, timeoutMs, signal }: ReadOnlyBounds,
  sink: ResultSink,
): Promise<{ truncated: boolean }> {
  const timeUp = new AbortController();
  const stop = signal === undefined ? timeUp.signal : AbortSignal.any([signal, timeUp.signal]);
  using _interrupting = connection.interruptOn(stop);
  const budget = new Budget(timeoutMs, timeUp);
  try {
    await budget.spend(refuseEffects(connection, sql));
    await connection.run('begin transaction read only');
    const statement = await budget.spend(selectStatement(connection, sql));
    const result = await budget.spend(statement.stream());
    await unlessStopped(
      sink.columns(result.columnNames().map((name, i) => ({ name, type: String(result.columnType(i)) }))),
      stop,
    );
    const chunks = streamChunks(connection, result, sql);
    for (let left = maxRows; ;) {
      const { value: chunk, done } = await budget.spend(chunks.next());
      stop.throwIfAborted();
      if (done === true) return { truncated: false };
      const rows = chunk.getRows().slice(0, left);
      if (rows.length > 0) await unlessStopped(sink.rows(rows.map((row) => row.map(toJson))), stop);
      left -= rows.length;
      if (rows.length < chunk.rowCount) return { truncated: true };
    }
  } catch (error) {
    const reason: unknown = stop.aborted ? stop.reason : error;
    if (reason instanceof LensError) throw reason;
    if (stop.aborted) throw new LensError('QUERY_FAILED', 'the query was given up before its end', { cause: error });
    throw queryFailed(error, connection.place);
  } finally {
    budget.end();
    await connection.run('rollback').catch(() => undefined);
  }
}

/** The time DuckDB may work on a query, counted while it does. */
class Budget {
  readonly #whole: number;
  readonly #out: AbortController;
  #left: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(milliseconds: number, out: AbortController) {
    this.#whole = milliseconds;
    this.#left = milliseconds;
    this.#out = out;
  }

  async spend<T>(work: Promise<T>): Promise<T> {
    const started = performance.now();
    this.#timer = setTimeout(() => {
      const hint = 'narrow it, or allow more time with --timeout';
      this.#out.abort(
        new LensError('QUERY_FAILED', `the query was interrupted after ${this.#whole / 1000} s`, { hint }),
      );
    }, this.#left);
    try {
      return await work;
    } finally {
      this.end();
      this.#left -= performance.now() - started;
    }
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

/** Waits for the sink, but not for one that a stopped query would wait for in vain. */
async function unlessStopped(taken: void | Promise<void>, stop: AbortSignal): Promise<void> {
  stop.throwIfAborted();
  if (taken === undefined) return;
  const stopped = Promise.withResolvers<never>();
  const onAbort = (): void => stopped.reject(stop.reason as Error);
  stop.addEventListener('abort', onAbort, { once: true });
  try {
    await Promise.race([taken, stopped.promise]);
  } finally {
    stop.removeEventListener('abort', onAbort);
  }
}
