/** Runs a bounded number of tasks at once; the others wait in line. */
export class Limit {
  readonly #slots: number;
  readonly #places: number;
  readonly #waiting: (() => void)[] = [];
  #busy = 0;

  /** @param slots How many are at work at once. @param places How many wait before it is full; as many by default. */
  constructor(slots: number, places = slots) {
    this.#slots = slots;
    this.#places = places;
  }

  /** Whether as many wait as there are places for. Another one waits all the same, if it is run. */
  get isFull(): boolean {
    return this.#waiting.length >= this.#places;
  }

  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#busy < this.#slots) this.#busy++;
    // Who ends gives its slot on.
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await task();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#busy--;
      else next();
    }
  }
}
