/** Lets pieces of work have turns, one after another, in the order they asked. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();
  #under = 0;

  /** Whether somebody has a turn, or waits for one. */
  get isTaken(): boolean {
    return this.#under > 0;
  }

  /** Runs `work` when all work asked for before has ended, whether well or not. */
  take<T>(work: () => Promise<T>): Promise<T> {
    this.#under++;
    const mine = this.#last.then(work, work);
    this.#last = mine
      .catch(() => undefined)
      .then(() => {
        this.#under--;
      });
    return mine;
  }
}
