/** Choices from a tape of numbers, so that a property test can shrink them; an empty tape chooses the simplest of everything. */
export class Tape {
  readonly #numbers: readonly number[];
  #at = 0;

  constructor(numbers: readonly number[]) {
    this.#numbers = numbers;
  }

  below(count: number): number {
    const number = this.#numbers[this.#at++] ?? 0;
    return count <= 1 ? 0 : number % count;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }

  chance(percent: number): boolean {
    return this.below(100) >= 100 - percent;
  }

  /** Some of the items, at least the first of a random start. */
  some<T>(items: readonly T[], percent: number): T[] {
    const first = this.pick(items);
    return [first, ...items.filter((item) => item !== first && this.chance(percent))];
  }
}
