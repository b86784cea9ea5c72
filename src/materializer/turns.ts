/** Lets pieces of work have turns, one after another, in the order they asked. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs `work` when all work asked for before has ended, whether well or not. */
  take<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(work, work);
    this.#last = mine.catch(() => undefined);
    return mine;
  }
}
