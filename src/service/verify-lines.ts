import type { IncomingMessage, ServerResponse } from 'node:http';
import { LensError } from '../core/errors.ts';
import type { Verification, VerifyProgress } from '../materializer/verification.ts';
import { type ControlError, fromControlError, toControlError } from './control-protocol.ts';
import { linesOf, QUERY_LINES } from './query-lines.ts';

/**
 * A verification on the wire: JSON lines, any number of `{"progress": {...}}`, then `{"result": {...}}` or `{"error": ...}`.
 */
interface VerifyLine {
  readonly progress?: VerifyProgress;
  readonly result?: Verification;
  readonly error?: ControlError;
}

/** Writes how far a verification is and what it found; its signal is aborted when the client goes away. */
export async function answerVerify(
  response: ServerResponse,
  verify: (onProgress: (progress: VerifyProgress) => void, signal: AbortSignal) => Promise<Verification>,
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const write = (line: VerifyLine): void => {
    if (!response.headersSent) response.writeHead(200, { 'content-type': QUERY_LINES });
    response.write(`${JSON.stringify(line)}\n`);
  };
  try {
    write({ result: await verify((progress) => write({ progress }), gone.signal) });
  } catch (error) {
    // Before the first line it is an answer as any other.
    if (!response.headersSent) throw error;
    write({ error: toControlError(error) });
  }
  response.end();
}

/** What the lines of an answer say in the end. Throws the error in them; SERVICE_UNREACHABLE when they end too soon. */
export async function readVerifyLines(
  incoming: IncomingMessage,
  onProgress?: (progress: VerifyProgress) => void,
): Promise<Verification> {
  for await (const line of linesOf(incoming)) {
    const { progress, result, error } = JSON.parse(line) as VerifyLine;
    if (progress !== undefined) onProgress?.(progress);
    if (error !== undefined) throw fromControlError(error);
    if (result !== undefined) return result;
  }
  throw new LensError('SERVICE_UNREACHABLE', "the service's answer ended before the verification was done", {
    hint: 'see its log; ask again once it runs',
  });
}
