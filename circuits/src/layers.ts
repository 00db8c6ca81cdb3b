/**
 * The layers of `circuits/lib` in plain arithmetic, on integers below 2^53: what circuits built from them prove, computed
 * without them. Every array is flat, the last index running fastest.
 */

/** `dense.circom`: weights · input + bias, the weights row by row. */
export function dense(weights: readonly number[], bias: readonly number[], input: readonly number[]): number[] {
  return bias.map((start, row) =>
    input.reduce((sum, x, column) => sum + x * at(weights, row * input.length + column), start),
  );
}

/** The sizes of a convolution; `filters` is how many channels come out. */
export interface Convolution {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly filters: number;
  readonly kernel: number;
  readonly stride: number;
}

/** `conv2d.circom`: a convolution without padding; the filters are not mirrored. */
export function conv2d(
  { channels, height, width, filters, kernel, stride }: Convolution,
  weights: readonly number[],
  bias: readonly number[],
  input: readonly number[],
): number[] {
  const out: number[] = [];
  for (let f = 0; f < filters; f++) {
    for (let y = 0; y + kernel <= height; y += stride) {
      for (let x = 0; x + kernel <= width; x += stride) {
        let sum = at(bias, f);
        for (let c = 0; c < channels; c++) {
          for (let v = 0; v < kernel; v++) {
            for (let u = 0; u < kernel; u++) {
              const weight = at(weights, ((f * channels + c) * kernel + v) * kernel + u);
              sum += weight * at(input, (c * height + y + v) * width + x + u);
            }
          }
        }
        out.push(sum);
      }
    }
  }
  return out;
}

/** `relu.circom`: max(0, x) of each. */
export function relu(input: readonly number[]): number[] {
  return input.map((x) => Math.max(0, x));
}

/** `requantise.circom`: x / 2^shift of each, rounded down. */
export function requantise(shift: number, input: readonly number[]): number[] {
  return input.map((x) => Math.floor(x / 2 ** shift));
}

/** The sizes of a pooling: windows of `size` × `size` that do not overlap. */
export interface Pooling {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly size: number;
}

/** `pool.circom`: the mean of every window, rounded down. */
export function averagePool2d({ channels, height, width, size }: Pooling, input: readonly number[]): number[] {
  const out: number[] = [];
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y + size <= height; y += size) {
      for (let x = 0; x + size <= width; x += size) {
        let sum = 0;
        for (let v = 0; v < size; v++) {
          for (let u = 0; u < size; u++) sum += at(input, (c * height + y + v) * width + x + u);
        }
        out.push(Math.floor(sum / (size * size)));
      }
    }
  }
  return out;
}

/** `argmax.circom`: the index of the greatest; of equal ones, the lowest. */
export function argMax(input: readonly number[]): number {
  return input.indexOf(Math.max(...input));
}

/** The value there. @throws RangeError if there is none: the sizes and the values do not fit. */
function at(values: readonly number[], index: number): number {
  const value = values[index];
  if (value === undefined) throw new RangeError(`there is no value ${index} among ${values.length}`);
  return value;
}
