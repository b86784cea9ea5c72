const EMPTY = -1;

/**
 * Gives whole-number keys (as far as a number is exact) consecutive slots 0, 1, 2, ... in the order they are first seen: an
 * open-addressing table in typed arrays, 16-32 bytes a key where a Map takes 50 and ends at 16.7 million.
 */
export class KeyIndex {
  #table = new Int32Array(2048).fill(EMPTY);
  #keys = new Float64Array(1024);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The key of a slot. */
  key(slot: number): number {
    return this.#keys[slot] as number;
  }

  /** The key's slot, or -1. */
  find(key: number): number {
    return this.#table[this.#place(key)] as number;
  }

  /** The key's slot; a new key gets slot `size`. */
  add(key: number): number {
    let place = this.#place(key);
    const slot = this.#table[place] as number;
    if (slot !== EMPTY) return slot;
    if (this.#size === this.#keys.length) {
      this.#grow();
      place = this.#place(key);
    }
    this.#keys[this.#size] = key;
    this.#table[place] = this.#size;
    return this.#size++;
  }

  #place(key: number): number {
    const mask = this.#table.length - 1;
    const high = Math.floor(key / 4294967296);
    let hash = Math.imul((key | 0) ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1);
    hash ^= hash >>> 15;
    let place = Math.imul(hash, 0x2c1b3c6d) & mask;
    for (;;) {
      const slot = this.#table[place] as number;
      if (slot === EMPTY || this.#keys[slot] === key) return place;
      place = (place + 1) & mask;
    }
  }

  #grow(): void {
    const keys = new Float64Array(this.#keys.length * 2);
    keys.set(this.#keys);
    this.#keys = keys;
    this.#table = new Int32Array(keys.length * 2).fill(EMPTY);
    for (let slot = 0; slot < this.#size; slot++) this.#table[this.#place(keys[slot] as number)] = slot;
  }
}
