import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { LensError } from '../core/errors.ts';
import type { EventListeners } from '../materializer/event-listeners.ts';
import type { EventSink, MaterializerEvent } from '../materializer/events.ts';
import { type ControlError, fromControlError, resultOf, toControlError } from './control-protocol.ts';
import { linesOf, QUERY_LINES } from './query-lines.ts';

/**
 * Work that tells how far it is, on the wire: JSON lines, any number of `{"progress": {...}}` and `{"event": {...}}`, then
 * `{"result": {...}}` or `{"error": ...}`.
 */
interface ProgressLine {
  readonly progress?: unknown;
  /** What the materializer does meanwhile: the work's own doing, or a batch beside it. */
  readonly event?: MaterializerEvent;
  readonly result?: unknown;
  readonly error?: ControlError;
}

/**
 * Writes how far the work is and what it gives; its signal is aborted when the client goes away.
 *
 * @param events also written for as long as it goes on
 */
export async function answerWithProgress(
  response: ServerResponse,
  events: EventListeners | null,
  work: (onProgress: (progress: unknown) => void, signal: AbortSignal) => Promise<unknown>,
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const write = (line: ProgressLine): void => {
    if (!response.headersSent) response.writeHead(200, { 'content-type': QUERY_LINES });
    response.write(`${JSON.stringify(line)}\n`);
  };
  using _listening = events?.listen((event) => write({ event }));
  try {
    write({ result: await work((progress) => write({ progress }), gone.signal) });
  } catch (error) {
    // Before the first line it is an answer as any other.
    if (!response.headersSent) throw error;
    write({ error: toControlError(error) });
  }
  response.end();
}

/** What is told of how far work is, as JSON has it. */
export type ProgressTaker = ((progress: never) => void) | undefined;

/** What the lines of an answer say in the end. Throws the error in them; SERVICE_UNREACHABLE when they end too soon. */
export async function readWithProgress(
  incoming: IncomingMessage,
  onProgress: ProgressTaker,
  onEvent: EventSink,
): Promise<unknown> {
  if (incoming.headers['content-type'] !== QUERY_LINES) return resultOf(await text(incoming));
  for await (const line of linesOf(incoming)) {
    const { progress, event, result, error } = JSON.parse(line) as ProgressLine;
    if (event !== undefined) onEvent(event);
    if (progress !== undefined) (onProgress as ((progress: unknown) => void) | undefined)?.(progress);
    if (error !== undefined) throw fromControlError(error);
    if (result !== undefined) return result;
  }
  throw new LensError('SERVICE_UNREACHABLE', "the service's answer ended before the work was done", {
    hint: 'see its log; ask again once it runs',
  });
}
