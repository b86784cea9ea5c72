import { RecordBlock } from '../../src/log/record-block.ts';

export interface TestRecord {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly timestamp?: number;
}

/** A record block that holds the given records, with offsets from `baseOffset` and some foreign bytes around. */
export function blockOf(
  records: readonly TestRecord[],
  topic = 'things',
  partition = 0,
  baseOffset = 100,
): RecordBlock {
  const block = new RecordBlock();
  block.topic = topic;
  block.partition = partition;
  block.baseOffset = baseOffset;
  block.nextOffset = baseOffset + records.length;
  block.endOffset = block.nextOffset;
  block.count = records.length;
  block.ensure(records.length);
  const parts: Uint8Array[] = [Buffer.from('##')];
  let at = 2;
  const put = (bytes: Uint8Array | null): [number, number] => {
    if (bytes === null) return [at, -1];
    parts.push(bytes);
    at += bytes.length;
    return [at - bytes.length, bytes.length];
  };
  records.forEach(({ key, value, timestamp }, i) => {
    block.offsetDelta[i] = i;
    block.timestamp[i] = timestamp ?? 1_700_000_000_000 + i;
    [block.keyStart[i], block.keyLength[i]] = put(key);
    [block.valueStart[i], block.valueLength[i]] = put(value);
    block.headersStart[i] = -1;
  });
  block.bytes = new Uint8Array(Buffer.concat([...parts, Buffer.from('##')]));
  return block;
}
