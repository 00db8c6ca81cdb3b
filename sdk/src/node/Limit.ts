/** Runs a bounded number of tasks at once; the others wait in line. */
export class Limit {
  readonly #slots: number;
  readonly #waiting: (() => void)[] = [];
  #busy = 0;

  constructor(slots: number) {
    this.#slots = slots;
  }

  /** Whether as many wait as are at work. */
  get isFull(): boolean {
    return this.#waiting.length >= this.#slots;
  }

  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#busy >= this.#slots) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#busy++;
    try {
      return await task();
    } finally {
      this.#busy--;
      this.#waiting.shift()?.();
    }
  }
}
