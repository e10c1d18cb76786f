import type { Tensor } from 'nbserve/onnx';
import { fromFloat16 } from 'nbserve/onnx';
import { BLOCK, BLOCK_BYTES, type GgufTensor } from './gguf.js';

/** Row-major float32[rows, columns]. */
export type Matrix = Tensor<'float32'>;

/** The values of a matrix of Q4_1 or Q8_0: scale × code + minimum, with one scale and, in Q4_1, one minimum for each block of 32 values of a row. */
export function readMatrix({ type, dims, bytes }: GgufTensor): Matrix {
  if (type === 'F32') return readVector({ type, dims, bytes });
  const size = BLOCK_BYTES[type];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const data = new Float32Array((bytes.length / size) * BLOCK);
  const halves = fromFloat16(Uint16Array.from({ length: 1 << 16 }, (_, bits) => bits));
  for (let block = 0; block * size < bytes.length; block += 1) {
    const at = block * size;
    const out = block * BLOCK;
    const scale = halves[view.getUint16(at, true)] as number;
    if (type === 'Q8_0') {
      for (let i = 0; i < BLOCK; i += 1) data[out + i] = scale * view.getInt8(at + 2 + i);
      continue;
    }
    const minimum = halves[view.getUint16(at + 2, true)] as number;
    // The low halves of the bytes are the first 16 codes, the high halves the last 16.
    for (let i = 0; i < BLOCK / 2; i += 1) {
      const byte = bytes[at + 4 + i] as number;
      data[out + i] = scale * (byte & 15) + minimum;
      data[out + i + BLOCK / 2] = scale * (byte >> 4) + minimum;
    }
  }
  return { type: 'float32', dims, data };
}

/**
 * Puts the rows of a query or key matrix into the order that rotates halves. In the order of llama.cpp, the two rows of each rotated pair are side by side; here
 * the first rows of all pairs of a head come first.
 */
export function halvesFirst({ type, dims, data }: Matrix, heads: number): Matrix {
  const [rows, columns] = dims as [number, number];
  const perHead = rows / heads;
  const moved = new Float32Array(data.length);
  for (let row = 0; row < rows; row += 1) {
    const [head, within] = [Math.floor(row / perHead), row % perHead];
    const from = head * perHead + (within % (perHead / 2)) * 2 + Math.floor(within / (perHead / 2));
    moved.set(data.subarray(from * columns, (from + 1) * columns), row * columns);
  }
  return { type, dims, data: moved };
}

export function transpose({ type, dims, data }: Matrix): Matrix {
  const [rows, columns] = dims as [number, number];
  const turned = new Float32Array(data.length);
  for (let row = 0; row < rows; row += 1)
    for (let column = 0; column < columns; column += 1) turned[column * rows + row] = data[row * columns + column] as number;
  return { type, dims: [columns, rows], data: turned };
}

/** The arguments with which a graph takes a weight. */
export const parts = ({ dims, data }: Matrix): [dims: readonly number[], data: Float32Array] => [dims, data];

export function readVector({ dims, bytes }: GgufTensor): Tensor<'float32'> {
  // It is copied, because a tensor may not begin at a multiple of four bytes of the buffer.
  return { type: 'float32', dims, data: new Float32Array(new Uint8Array(bytes).buffer) };
}
