const LEAST_BYTES = 64 << 10;
const FIRST_BYTES = 1 << 20;
const MOST_BYTES = 8 << 20;
/** An answer that took longer was too large for the link: what it holds is handed over only when all of it is there. */
const SLOW_MS = 2_500;
const FAST_MS = 500;

/** How many bytes a broker is asked for at once: more while its answers come fast, fewer when they take long. */
export class FetchSize {
  #bytes = FIRST_BYTES;

  get bytes(): number {
    return this.#bytes;
  }

  /** Learns from an answer of that many bytes, or (0 bytes) from one that did not come. */
  took(milliseconds: number, bytes: number): void {
    if (milliseconds > SLOW_MS) this.#bytes = Math.max(LEAST_BYTES, this.#bytes / 2);
    else if (milliseconds < FAST_MS && bytes >= this.#bytes / 2) this.#bytes = Math.min(MOST_BYTES, this.#bytes * 2);
  }
}
