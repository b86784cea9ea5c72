const SEED = 0x9747b28c;
const M = 0x5bd1e995;

/** Murmur2 of the bytes as Kafka's Java client computes it (org.apache.kafka.common.utils.Utils.murmur2), a signed int32. */
export function murmur2(key: Uint8Array): number {
  const length = key.length;
  const whole = length & ~3;
  let h = SEED ^ length;
  for (let i = 0; i < whole; i += 4) {
    let k =
      (key[i] as number) |
      ((key[i + 1] as number) << 8) |
      ((key[i + 2] as number) << 16) |
      ((key[i + 3] as number) << 24);
    k = Math.imul(k, M);
    k ^= k >>> 24;
    h = Math.imul(h, M) ^ Math.imul(k, M);
  }
  const rest = length - whole;
  if (rest === 3) h ^= (key[whole + 2] as number) << 16;
  if (rest >= 2) h ^= (key[whole + 1] as number) << 8;
  if (rest >= 1) h = Math.imul(h ^ (key[whole] as number), M);
  h = Math.imul(h ^ (h >>> 13), M);
  return h ^ (h >>> 15);
}

/** The partition of a key, as Kafka's own clients choose it. */
export function partitionOf(key: Uint8Array, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions;
}
