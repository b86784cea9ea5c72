/** Confluent's wire format: a zero byte, the schema id as big-endian int32, then the Avro datum. */
export const WIRE_HEADER = 5;

/** The schema id of a value at bytes[start, start + length), or -1 where the value does not start with the format. */
export function wireIdOf(bytes: Uint8Array, start: number, length: number): number {
  if (length < WIRE_HEADER || bytes[start] !== 0) return -1;
  return (
    ((bytes[start + 1] as number) << 24) |
    ((bytes[start + 2] as number) << 16) |
    ((bytes[start + 3] as number) << 8) |
    (bytes[start + 4] as number)
  );
}
