import { createRequire } from "node:module";

/** The greatest value of a downsampled pixel: four bits. */
export const MAX_PIXEL = 15;

const RAW_SIDE = 28;
/** MNIST scales every digit into 20×20 and centres it by mass: what is outside is margin. */
const MARGIN = 4;
const INNER_SIDE = RAW_SIDE - 2 * MARGIN;

export interface Digit {
  /** A square of pixels, row by row from the top left, each from 0 (paper) to 15 (ink). */
  readonly pixels: readonly number[];
  readonly label: number;
}

export interface RawDigit {
  /** 28×28 pixels from 0 to 1, as the `mnist` package has them. */
  readonly image: readonly number[];
  readonly label: number;
}

/** The digits that the model learns from, and those that it never sees in training: every fifth of each label. */
export interface Split<T> {
  readonly train: readonly T[];
  readonly heldOut: readonly T[];
}

/** The 10,000 handwritten digits of the `mnist` package, a part of MNIST, as they are. Reads 20 MB. */
export function rawDigits(): Split<RawDigit> {
  const require = createRequire(import.meta.url);
  const train: RawDigit[] = [];
  const heldOut: RawDigit[] = [];
  for (let label = 0; label < 10; label++) {
    const { data } = require(`mnist/src/digits/${label}.json`) as { data: number[] };
    const size = RAW_SIDE * RAW_SIDE;
    for (let i = 0; i < Math.floor(data.length / size); i++) {
      (i % 5 === 4 ? heldOut : train).push({ image: data.slice(i * size, (i + 1) * size), label });
    }
  }
  return { train, heldOut };
}

const splits = new Map<number, Split<Digit>>();

/** The same digits as a model sees them whose images have this side. */
export function digitImages(side = 8): Split<Digit> {
  let split = splits.get(side);
  if (!split) {
    const seen = ({ image, label }: RawDigit) => ({ pixels: downsample(image, side), label });
    const raw = rawDigits();
    split = { train: raw.train.map(seen), heldOut: raw.heldOut.map(seen) };
    splits.set(side, split);
  }
  return split;
}

/**
 * An image as a model sees it: the inner 20×20 pixels averaged over side × side square cells, rounded to four bits. In
 * integers, so that it is the same everywhere.
 *
 * @param image 28×28 pixels from 0 to 1.
 * @param side A divisor of 40: cells are made of quarters of pixels.
 * @param dx How many pixels the image is moved to the right first.
 * @param dy How many pixels it is moved down.
 */
export function downsample(image: readonly number[], side = 8, dx = 0, dy = 0): number[] {
  if (image.length !== RAW_SIDE * RAW_SIDE) throw new RangeError(`a digit has 784 pixels, not ${image.length}`);
  const cell = (2 * INNER_SIDE) / side;
  return Array.from({ length: side * side }, (_, index) => {
    const top = Math.floor(index / side) * cell;
    const left = (index % side) * cell;
    let sum = 0;
    for (let y = top; y < top + cell; y++) {
      for (let x = left; x < left + cell; x++) {
        const row = MARGIN + (y >> 1) - dy;
        const column = MARGIN + (x >> 1) - dx;
        sum += Math.round(255 * (image[row * RAW_SIDE + column] ?? 0));
      }
    }
    return Math.round((sum * MAX_PIXEL) / (cell * cell * 255));
  });
}

/** A downsampled image as lines of text, two characters a pixel. */
export function renderDigit(pixels: readonly number[]): string {
  const shades = [" ", "░", "▒", "▓", "█"];
  const side = Math.sqrt(pixels.length);
  const lines = [];
  for (let row = 0; row < side; row++) {
    const line = pixels.slice(row * side, (row + 1) * side);
    lines.push(line.map((pixel) => shades[Math.ceil((pixel * 4) / MAX_PIXEL)]?.repeat(2)).join(""));
  }
  return lines.join("\n");
}
