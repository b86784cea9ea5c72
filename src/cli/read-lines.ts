import { fileProblem, LensError } from '../core/errors.ts';

/**
 * Lines of a byte stream, without their `\n` or `\r\n`, numbered from 1; a byte order mark at the start is dropped. Only
 * line feeds end a line (Node's readline also splits at U+2028, which JSON texts may hold).
 * INPUT_INVALID with `PLACE:LINE` for bytes that are not UTF-8, INPUT_UNREADABLE when the stream fails.
 */
export async function* readLines(
  stream: AsyncIterable<Uint8Array>,
  place: string,
): AsyncGenerator<{ readonly text: string; readonly number: number }> {
  let rest: Uint8Array = new Uint8Array(0);
  let number = 0;
  const decode = (bytes: Uint8Array): { text: string; number: number } => {
    number++;
    try {
      const end = bytes.at(-1) === 0x0d ? bytes.length - 1 : bytes.length;
      return {
        text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: number > 1 }).decode(bytes.subarray(0, end)),
        number,
      };
    } catch (error) {
      throw new LensError('INPUT_INVALID', 'the line is not UTF-8', { place: `${place}:${number}`, cause: error });
    }
  };
  for await (const chunk of readable(stream, place)) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let start = 0;
    for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, start)) {
      yield decode(bytes.subarray(start, end));
      start = end + 1;
    }
    rest = bytes.subarray(start);
  }
  if (rest.length > 0) yield decode(rest);
}

async function* readable(stream: AsyncIterable<Uint8Array>, place: string): AsyncGenerator<Uint8Array> {
  try {
    yield* stream;
  } catch (error) {
    throw new LensError('INPUT_UNREADABLE', `cannot read: ${fileProblem(error)}`, { place, cause: error });
  }
}
