import { createHash } from 'node:crypto';
import { KeyIndex } from './key-index.ts';

/** The lower 53 bits of an md5, so that an id is exact as a JavaScript number and in JSON. */
const HIGH_BITS = 0x1fffff;

/**
 * The prompt's id: the last 8 bytes of md5(image_name), little-endian, of which the lower 53 bits. It depends on nothing
 * but the name: two runs give the same ids, and different images differ (one chance in 4,500 that any two of 2 million
 * meet). {@link PROMPT_ID_SQL} is the same in DuckDB.
 */
export function promptIdOf(imageName: string): number {
  const digest = createHash('md5').update(imageName).digest();
  return (digest.readUInt32LE(12) & HIGH_BITS) * 4294967296 + digest.readUInt32LE(8);
}

/** {@link promptIdOf} in DuckDB's SQL, over a column `image_name`. */
export const PROMPT_ID_SQL = '(md5_number_lower(image_name) & 9007199254740991)::double';

/** The order a sample is taken in: the first 8 bytes of md5("SEED:image_name"), little-endian, the lower 53 bits. */
export function sampleHashOf(imageName: string, seed: number): number {
  const digest = createHash('md5').update(`${seed}:${imageName}`).digest();
  return (digest.readUInt32LE(4) & HIGH_BITS) * 4294967296 + digest.readUInt32LE(0);
}

/** {@link sampleHashOf} in DuckDB's SQL, over a column `image_name`. */
export function sampleHashSql(seed: number): string {
  return `(md5_number_upper('${Math.trunc(seed)}:' || image_name) & 9007199254740991)::double`;
}

/**
 * Watches over the ids of one run. The second of two names with the same id gets the id of its name with a suffix
 * instead, so that no prompt replaces another; a repeated name keeps its id and is counted.
 */
export class PromptIds {
  readonly #ids = new KeyIndex();
  #checks = new Float64Array(1024);
  repeated = 0;
  moved = 0;

  /** The id to use for the name, whose own id is `id`. */
  claim(imageName: string, id: number): number {
    const check = checkOf(imageName);
    for (let attempt = 0, candidate = id; ; candidate = promptIdOf(`${imageName}\n${++attempt}`)) {
      const known = this.#ids.size;
      const slot = this.#ids.add(candidate);
      if (slot === known) {
        this.#remember(slot, check);
        if (attempt > 0) this.moved++;
        return candidate;
      }
      if (this.#checks[slot] === check) {
        this.repeated++;
        return candidate;
      }
    }
  }

  #remember(slot: number, check: number): void {
    if (slot === this.#checks.length) {
      const grown = new Float64Array(slot * 2);
      grown.set(this.#checks);
      this.#checks = grown;
    }
    this.#checks[slot] = check;
  }
}

/** A second, cheap hash of the name (two FNV-1a sums, 53 bits), to tell a repeated name from a collision of ids. */
function checkOf(name: string): number {
  let a = 0x811c9dc5;
  let b = 0x01000193;
  for (let i = 0; i < name.length; i++) {
    const unit = name.charCodeAt(i);
    a = Math.imul(a ^ unit, 0x01000193);
    b = Math.imul(b ^ unit, 0x85ebca6b);
  }
  return ((a >>> 0) & HIGH_BITS) * 4294967296 + (b >>> 0);
}
