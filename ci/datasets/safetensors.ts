import type { Tensor } from 'nbserve/onnx';
import { InvalidData } from '../../lib/dist/assets/errors.js';

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/**
 * Reads the float32 tensors of a safetensors file (https://huggingface.co/docs/safetensors). Tensors of integers are left out.
 * @throws NBS_DATA_INVALID
 */
export function readSafetensors(bytes: Uint8Array, source: string): Readonly<Record<string, Tensor<'float32'>>> {
  const fail = (reason: string, cause?: unknown) => InvalidData({ source, format: 'a safetensors file', reason }, cause);
  if (bytes.length < 8) throw fail('it is cut off');
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  let header: Readonly<Record<string, Entry>>;
  try {
    header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))) as Readonly<Record<string, Entry>>;
  } catch (error) {
    throw fail(`its header: ${(error as Error).message}`, error);
  }
  const tensors: Record<string, Tensor<'float32'>> = {};
  for (const [name, { dtype, shape, data_offsets: offsets }] of Object.entries(header)) {
    if (name === '__metadata__' || /^[IU]\d+$/.test(dtype)) continue;
    if (dtype !== 'F32') throw fail(`${name} is ${dtype}, and only F32 is read`);
    const [from, to] = offsets.map((offset) => 8 + length + offset) as [number, number];
    if (to > bytes.length) throw fail(`${name} is cut off`);
    // It is copied, because a tensor may not begin at a multiple of four bytes of the buffer.
    tensors[name] = { type: 'float32', dims: shape, data: new Float32Array(new Uint8Array(bytes.subarray(from, to)).buffer) };
  }
  return tensors;
}
