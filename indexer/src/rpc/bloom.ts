import { hexToBytes, keccak256, toHex } from "viem";

/** Bytes of a block's bloom filter. */
const SIZE = 256;

/** The parts of a log that go into its block's bloom filter. */
export interface BloomedLog {
  readonly address: `0x${string}`;
  readonly topics: readonly `0x${string}`[];
}

/** Ethereum's bloom filter of logs: 2,048 bits, three of which each address and each topic sets (Yellow Paper, 4.3.1). */
export class Bloom {
  readonly #bits: Uint8Array;

  constructor(bits: Uint8Array) {
    if (bits.length !== SIZE) throw new RangeError(`a bloom filter has ${SIZE} bytes, not ${bits.length}`);
    this.#bits = bits;
  }

  /** The filter of a block's header. */
  static parse(hex: `0x${string}`): Bloom {
    return new Bloom(hexToBytes(hex));
  }

  /** The filter of these logs. */
  static of(logs: readonly BloomedLog[]): Bloom {
    const bits = new Uint8Array(SIZE);
    for (const value of new Set(logs.flatMap(({ address, topics }) => [address, ...topics]))) {
      for (const { byte, mask } of placesOf(value)) bits[byte] = (bits[byte] ?? 0) | mask;
    }
    return new Bloom(bits);
  }

  /** Whether a log with this address or topic may be in the block; false is certain. */
  mayHave(value: `0x${string}`): boolean {
    return placesOf(value).every(({ byte, mask }) => ((this.#bits[byte] ?? 0) & mask) !== 0);
  }

  get isEmpty(): boolean {
    return this.#bits.every((byte) => byte === 0);
  }

  toString(): string {
    return toHex(this.#bits);
  }
}

interface Place {
  readonly byte: number;
  readonly mask: number;
}

/** Places of the values that were asked for last: the few that a filter wants are asked for at every block. */
const known = new Map<`0x${string}`, readonly Place[]>();
const KNOWN_VALUES = 4_096;

/** Where the three bits of a value are. */
function placesOf(value: `0x${string}`): readonly Place[] {
  const before = known.get(value);
  if (before !== undefined) return before;
  const hash = keccak256(value, "bytes");
  const places = [0, 2, 4].map((at) => {
    const bit = (((hash[at] ?? 0) << 8) | (hash[at + 1] ?? 0)) & 0x7ff;
    return { byte: SIZE - 1 - (bit >> 3), mask: 1 << (bit & 7) };
  });
  if (known.size === KNOWN_VALUES) known.clear();
  known.set(value, places);
  return places;
}
