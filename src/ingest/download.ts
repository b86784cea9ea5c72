import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { LensError, messageOf } from '../core/errors.ts';

export interface Download extends AsyncDisposable {
  readonly file: string;
}

export function isUrl(from: string): boolean {
  return /^https?:\/\//i.test(from);
}

/**
 * Downloads a URL into a temporary file, which disposing removes. `progress` gets bytes and their total, where known.
 * INPUT_UNREADABLE when the server cannot be reached, answers with an error, or ends early.
 */
export async function download(
  url: string,
  options: { signal?: AbortSignal | undefined; progress?: ((done: number, total: number | null) => void) | undefined },
): Promise<Download> {
  const folder = await mkdtemp(path.join(tmpdir(), 'lens-download-'));
  const file = path.join(folder, 'input');
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    await fetchTo(url, file, options);
  } catch (error) {
    await remove();
    if (error instanceof LensError) throw error;
    throw unreadable(url, causeOf(error), error);
  }
  return { file, [Symbol.asyncDispose]: remove };
}

async function fetchTo(
  url: string,
  file: string,
  {
    signal,
    progress,
  }: { signal?: AbortSignal | undefined; progress?: ((done: number, total: number | null) => void) | undefined },
): Promise<void> {
  const response = await fetch(url, signal === undefined ? {} : { signal });
  if (!response.ok) throw unreadable(url, `the server answered ${response.status} ${response.statusText}`.trim());
  if (response.body === null) throw unreadable(url, 'the server sent nothing');
  const length = response.headers.get('content-length');
  // With a content encoding, the length is that of the packed bytes.
  const total = length === null || response.headers.has('content-encoding') ? null : Number(length);
  let done = 0;
  const counter = new Transform({
    transform(chunk: Uint8Array, _encoding, next) {
      done += chunk.length;
      progress?.(done, total);
      next(null, chunk);
    },
  });
  await pipeline(Readable.fromWeb(response.body), counter, createWriteStream(file));
  if (total !== null && done !== total) throw unreadable(url, `it ended after ${done} of ${total} bytes`);
}

/** fetch says "fetch failed" and keeps the reason in its cause. */
function causeOf(error: unknown): string {
  return error instanceof Error && error.cause !== undefined ? messageOf(error.cause) : messageOf(error);
}

function unreadable(url: string, reason: string, cause?: unknown): LensError {
  return new LensError('INPUT_UNREADABLE', `cannot download: ${reason}`, {
    place: url,
    hint: 'check the address, or download the file yourself and give its path',
    cause,
  });
}
