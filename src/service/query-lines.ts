import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { LensError } from '../core/errors.ts';
import type { QueryEnd } from '../materializer/operations.ts';
import type { ResultColumn, ResultSink } from '../warehouse/read-only-query.ts';
import { fromControlError, toControlError, type ControlError } from './control-protocol.ts';

/**
 * A query's result on the wire: JSON lines, first `{"columns": [...]}`, then any number of `{"rows": [[...], ...]}`, last
 * `{"end": {"truncated": ...}}` or `{"error": ...}`. Neither side holds more than a line and what the socket buffers.
 */
interface QueryLine {
  readonly columns?: readonly ResultColumn[];
  readonly rows?: readonly (readonly unknown[])[];
  readonly end?: QueryEnd;
  readonly error?: ControlError;
}

export const QUERY_LINES = 'application/x-ndjson';
/** A line of rows is ended when it has so many characters. */
const LINE_CHARACTERS = 256 << 10;

/** Writes what `query` gives to a response; its signal is aborted when the client goes away. */
export async function answerQuery(
  response: ServerResponse,
  query: (sink: ResultSink, signal: AbortSignal) => Promise<QueryEnd>,
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const write = async (line: string): Promise<void> => {
    if (!response.write(`${line}\n`)) await once(response, 'drain', { signal: gone.signal });
  };
  const sink: ResultSink = {
    columns: (columns) => {
      response.writeHead(200, { 'content-type': QUERY_LINES });
      return write(JSON.stringify({ columns }));
    },
    rows: async (rows) => {
      for (const line of rowLines(rows)) await write(line);
    },
  };
  try {
    const end = await query(sink, gone.signal);
    response.end(`${JSON.stringify({ end })}\n`);
  } catch (error) {
    // Before the columns it is an answer as any other.
    if (!response.headersSent) throw error;
    response.end(`${JSON.stringify({ error: toControlError(error) })}\n`);
  }
}

function* rowLines(rows: readonly (readonly unknown[])[]): Generator<string> {
  let line = '';
  for (const row of rows) {
    line += `${line === '' ? '' : ','}${rowText(row)}`;
    if (line.length < LINE_CHARACTERS) continue;
    yield `{"rows":[${line}]}`;
    line = '';
  }
  if (line !== '') yield `{"rows":[${line}]}`;
}

function rowText(row: readonly unknown[]): string {
  try {
    return JSON.stringify(row);
  } catch (error) {
    throw new LensError('QUERY_FAILED', 'a row is too large for one JSON text', {
      hint: 'select fewer columns, or parts of the long texts',
      cause: error,
    });
  }
}

/** Hands the lines of an answer to a sink. Throws the error in them; SERVICE_UNREACHABLE when they end too soon. */
export async function readQueryLines(incoming: IncomingMessage, sink: ResultSink): Promise<QueryEnd> {
  for await (const text of linesOf(incoming)) {
    const line = JSON.parse(text) as QueryLine;
    if (line.columns !== undefined) await sink.columns(line.columns);
    else if (line.rows !== undefined) await sink.rows(line.rows);
    else if (line.error !== undefined) throw fromControlError(line.error);
    else if (line.end !== undefined) return line.end;
  }
  throw new LensError('SERVICE_UNREACHABLE', "the service's answer ended before the last row", {
    hint: 'see its log; ask again once it runs',
  });
}

/** The lines of an answer, without their ends. */
export async function* linesOf(stream: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let parts: Buffer[] = [];
  for await (const chunk of stream) {
    let start = 0;
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, start)) {
      parts.push(chunk.subarray(start, end));
      yield Buffer.concat(parts).toString();
      parts = [];
      start = end + 1;
    }
    if (start < chunk.length) parts.push(chunk.subarray(start));
  }
}
