/** Of the time, at most this part goes into trying failed models again. */
const SHARE = 0.05;

/**
 * When failed models are due for another try. Nothing tells whether they would still fail but to build them, which over large tables takes
 * seconds: small ones are tried again at each interval, large ones after some time that follows from how long it took.
 */
export class RetryPace {
  #dueAt = 0;

  get isDue(): boolean {
    return performance.now() >= this.#dueAt;
  }

  tried(milliseconds: number): void {
    this.#dueAt = performance.now() + milliseconds / SHARE;
  }
}
