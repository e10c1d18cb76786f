/**
 * A second implementation of the layers, for tests: plain loops over numbers of 64 bits, written from the definitions and without any part of the first.
 * Each function returns the output and the function that brings the output's gradient back.
 */

export interface Array4 {
  readonly dims: readonly number[];
  readonly data: Float64Array;
}

export interface Taken {
  readonly y: Array4;
  readonly back: (dy: Float64Array) => Readonly<Record<string, Float64Array>>;
}

const zeros = (...dims: readonly number[]): Array4 => ({
  dims,
  data: new Float64Array(dims.reduce((product, dim) => product * dim, 1)),
});
const at = ({ dims }: Array4, n: number, c: number, i: number, j: number): number =>
  ((n * (dims[1] as number) + c) * (dims[2] as number) + i) * (dims[3] as number) + j;
const get = (values: Float64Array, index: number): number => values[index] as number;

/** Calls `visit` for each output position and each position of the window over it that is not padding. */
function slide(
  x: Array4,
  y: Array4,
  { kernel, stride, padding }: Window,
  visit: (n: number, i: number, j: number, u: number, v: number, row: number, column: number) => void,
): void {
  const [count, , height, width] = x.dims as [number, number, number, number];
  for (let n = 0; n < count; n += 1)
    for (let i = 0; i < (y.dims[2] as number); i += 1)
      for (let j = 0; j < (y.dims[3] as number); j += 1)
        for (let u = 0; u < kernel[0]; u += 1)
          for (let v = 0; v < kernel[1]; v += 1) {
            const [row, column] = [i * stride[0] + u - padding[0], j * stride[1] + v - padding[1]];
            if (row >= 0 && row < height && column >= 0 && column < width) visit(n, i, j, u, v, row, column);
          }
}

export interface Window {
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
}

function outputOf(x: Array4, channels: number, { kernel, stride, padding }: Window): Array4 {
  const length = (axis: 0 | 1) =>
    Math.floor(((x.dims[axis + 2] as number) + 2 * padding[axis] - kernel[axis]) / stride[axis]) + 1;
  return zeros(x.dims[0] as number, channels, length(0), length(1));
}

export function conv(x: Array4, weight: Array4, bias: Float64Array, window: Window): Taken {
  const [out, channels] = weight.dims as [number, number];
  const y = outputOf(x, out, window);
  for (let index = 0; index < y.data.length; index += 1)
    y.data[index] = get(bias, Math.floor(index / ((y.dims[2] as number) * (y.dims[3] as number))) % out);
  const visit = (f: (yAt: number, xAt: number, wAt: number) => void) =>
    slide(x, y, window, (n, i, j, u, v, row, column) => {
      for (let o = 0; o < out; o += 1)
        for (let c = 0; c < channels; c += 1) f(at(y, n, o, i, j), at(x, n, c, row, column), at(weight, o, c, u, v));
    });
  visit((yAt, xAt, wAt) => {
    y.data[yAt] = get(y.data, yAt) + get(x.data, xAt) * get(weight.data, wAt);
  });
  return {
    y,
    back(dy) {
      const [dx, dw, db] = [new Float64Array(x.data.length), new Float64Array(weight.data.length), new Float64Array(out)];
      visit((yAt, xAt, wAt) => {
        dx[xAt] = get(dx, xAt) + get(dy, yAt) * get(weight.data, wAt);
        dw[wAt] = get(dw, wAt) + get(dy, yAt) * get(x.data, xAt);
      });
      for (let index = 0; index < dy.length; index += 1) {
        const o = Math.floor(index / ((y.dims[2] as number) * (y.dims[3] as number))) % out;
        db[o] = get(db, o) + get(dy, index);
      }
      return { x: dx, weight: dw, bias: db };
    },
  };
}

export function dense(x: Array4, weight: Array4, bias: Float64Array): Taken {
  const [count, from] = x.dims as [number, number];
  const to = weight.dims[0] as number;
  const y = zeros(count, to);
  for (let n = 0; n < count; n += 1)
    for (let o = 0; o < to; o += 1) {
      let sum = get(bias, o);
      for (let i = 0; i < from; i += 1) sum += get(x.data, n * from + i) * get(weight.data, o * from + i);
      y.data[n * to + o] = sum;
    }
  return {
    y,
    back(dy) {
      const [dx, dw, db] = [new Float64Array(count * from), new Float64Array(to * from), new Float64Array(to)];
      for (let n = 0; n < count; n += 1)
        for (let o = 0; o < to; o += 1) {
          const d = get(dy, n * to + o);
          db[o] = get(db, o) + d;
          for (let i = 0; i < from; i += 1) {
            dx[n * from + i] = get(dx, n * from + i) + d * get(weight.data, o * from + i);
            dw[o * from + i] = get(dw, o * from + i) + d * get(x.data, n * from + i);
          }
        }
      return { x: dx, weight: dw, bias: db };
    },
  };
}

export function rectify(x: Array4): Taken {
  const y = { dims: x.dims, data: x.data.map((value) => (value > 0 ? value : 0)) };
  return { y, back: (dy) => ({ x: dy.map((d, i) => (get(x.data, i) > 0 ? d : 0)) }) };
}

export function largest(x: Array4, window: Window): Taken {
  const channels = x.dims[1] as number;
  const y = outputOf(x, channels, window);
  y.data.fill(Number.NEGATIVE_INFINITY);
  const from = new Int32Array(y.data.length);
  slide(x, y, window, (n, i, j, _u, _v, row, column) => {
    for (let c = 0; c < channels; c += 1) {
      const [yAt, xAt] = [at(y, n, c, i, j), at(x, n, c, row, column)];
      // Only a larger value replaces the first one.
      if (get(x.data, xAt) > get(y.data, yAt)) {
        y.data[yAt] = get(x.data, xAt);
        from[yAt] = xAt;
      }
    }
  });
  return {
    y,
    back(dy) {
      const dx = new Float64Array(x.data.length);
      for (let i = 0; i < dy.length; i += 1) dx[from[i] as number] = get(dx, from[i] as number) + get(dy, i);
      return { x: dx };
    },
  };
}

export function average(x: Array4, window: Window): Taken {
  const channels = x.dims[1] as number;
  const y = outputOf(x, channels, window);
  const share = 1 / (window.kernel[0] * window.kernel[1]);
  const visit = (f: (yAt: number, xAt: number) => void) =>
    slide(x, y, window, (n, i, j, _u, _v, row, column) => {
      for (let c = 0; c < channels; c += 1) f(at(y, n, c, i, j), at(x, n, c, row, column));
    });
  visit((yAt, xAt) => {
    y.data[yAt] = get(y.data, yAt) + share * get(x.data, xAt);
  });
  return {
    y,
    back(dy) {
      const dx = new Float64Array(x.data.length);
      visit((yAt, xAt) => {
        dx[xAt] = get(dx, xAt) + share * get(dy, yAt);
      });
      return { x: dx };
    },
  };
}

/** The gradient is that of each output by each input, written out (Ioffe and Szegedy 2015, section 3, without their shortcuts). */
export function normalised(x: Array4, scale: Float64Array, shift: Float64Array, epsilon: number): Taken {
  const [count, channels, height, width] = x.dims as [number, number, number, number];
  const y = zeros(...x.dims);
  const size = count * height * width;
  const indexes = (c: number): number[] => {
    const found: number[] = [];
    for (let n = 0; n < count; n += 1)
      for (let i = 0; i < height; i += 1) for (let j = 0; j < width; j += 1) found.push(at(x, n, c, i, j));
    return found;
  };
  const measured = Array.from({ length: channels }, (_, c) => {
    const own = indexes(c);
    const mean = own.reduce((sum, i) => sum + get(x.data, i), 0) / size;
    const variance = own.reduce((sum, i) => sum + (get(x.data, i) - mean) ** 2, 0) / size;
    for (const i of own) y.data[i] = (get(scale, c) * (get(x.data, i) - mean)) / Math.sqrt(variance + epsilon) + get(shift, c);
    return { mean, variance };
  });
  return {
    y,
    back(dy) {
      const [dx, dScale, dShift] = [new Float64Array(x.data.length), new Float64Array(channels), new Float64Array(channels)];
      for (let c = 0; c < channels; c += 1) {
        const { mean, variance } = measured[c] as { mean: number; variance: number };
        const own = indexes(c);
        const deviation = Math.sqrt(variance + epsilon);
        let [dMean, dVariance] = [0, 0];
        for (const i of own) {
          const d = get(dy, i) * get(scale, c);
          dScale[c] = get(dScale, c) + (get(dy, i) * (get(x.data, i) - mean)) / deviation;
          dShift[c] = get(dShift, c) + get(dy, i);
          dVariance += (d * (get(x.data, i) - mean) * -0.5) / deviation ** 3;
          dMean -= d / deviation;
        }
        for (const i of own)
          dx[i] = (get(dy, i) * get(scale, c)) / deviation + (dVariance * 2 * (get(x.data, i) - mean)) / size + dMean / size;
      }
      return { x: dx, weight: dScale, bias: dShift };
    },
  };
}

export function softmaxLoss(logits: Array4, labels: ArrayLike<number>): { loss: number; gradient: Float64Array } {
  const [count, classes] = logits.dims as [number, number];
  const gradient = new Float64Array(logits.data.length);
  let loss = 0;
  for (let n = 0; n < count; n += 1) {
    const row = [...logits.data.subarray(n * classes, (n + 1) * classes)];
    const highest = Math.max(...row);
    const total = row.reduce((sum, value) => sum + Math.exp(value - highest), 0);
    for (const [c, value] of row.entries()) {
      const probability = Math.exp(value - highest) / total;
      if (c === labels[n]) loss -= Math.log(probability) / count;
      gradient[n * classes + c] = (probability - (c === labels[n] ? 1 : 0)) / count;
    }
  }
  return { loss, gradient };
}
