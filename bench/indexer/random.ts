/** Numbers that look random and are the same at every run (xorshift32; Marsaglia, 2003). */
export class Random {
  #state: number;

  /** @param seed A whole number other than 0. */
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** At least 0, less than 1. */
  fraction(): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) / 2 ** 32;
  }

  /** A whole number from `first` to `last`. */
  whole(first: number, last: number): number {
    return first + Math.floor(this.fraction() * (last - first + 1));
  }

  /** True so often: 0 for never, 1 for always. */
  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  /** One of a list; the first ones much more often, as popular models and nodes are. */
  popular<Item>(items: readonly Item[]): Item {
    const index = Math.floor(items.length * this.fraction() ** 2);
    const item = items[index];
    if (item === undefined) throw new RangeError("there is nothing to choose from");
    return item;
  }
}
