import type { Tensor } from 'nbserve/onnx';
import { InvalidData } from '../../lib/dist/data/errors.js';
import { readZip } from '../../lib/dist/data/zip.js';
import { readPickle } from './pickle.js';

interface Storage {
  readonly type: string;
  readonly bytes: Uint8Array;
}

/**
 * Reads the tensors of a torch checkpoint (`torch.save` of a state dict, zip format) without torch, and without running what the pickle in it names.
 * @throws NBS_DATA_INVALID if it is another kind of file, or if a tensor is not contiguous float32
 */
export function readStateDict(bytes: Uint8Array, source: string): Readonly<Record<string, Tensor<'float32'>>> {
  const fail = (reason: string) => InvalidData({ source, format: 'a torch checkpoint', reason });
  const files = readZip(bytes, source);
  const pickleName = [...files.keys()].find((name) => name.endsWith('/data.pkl'));
  const pickle = pickleName === undefined ? undefined : files.get(pickleName);
  if (pickleName === undefined || pickle === undefined) throw fail('there is no data.pkl in it');
  const root = pickleName.slice(0, -'data.pkl'.length);

  const top = readPickle(pickle(), source, {
    persistent: (id): Storage => {
      const [, type, key] = id as [string, { path: string }, string];
      const file = files.get(`${root}data/${key}`);
      if (file === undefined) throw fail(`storage ${key} is missing`);
      return { type: type.path, bytes: file() };
    },
    call: (global, args) => {
      if (global.path === 'collections.OrderedDict') return new Map();
      if (global.path === 'torch._utils._rebuild_parameter') return args[0];
      if (global.path !== 'torch._utils._rebuild_tensor_v2') throw fail(`it calls ${global.path}`);
      const [storage, offset, dims, strides] = args as [Storage, number, number[], number[]];
      if (storage.type !== 'torch.FloatStorage') throw fail(`it has a ${storage.type}`);
      let step = 1;
      for (let axis = dims.length - 1; axis >= 0; axis -= 1) {
        if (dims[axis] !== 1 && strides[axis] !== step) throw fail('a tensor is not contiguous');
        step *= dims[axis] as number;
      }
      // It is copied, which a Buffer's slice would not do, because the storage may not begin at a multiple of four bytes.
      const start = offset * Float32Array.BYTES_PER_ELEMENT;
      const data = new Float32Array(
        new Uint8Array(storage.bytes.subarray(start, start + step * Float32Array.BYTES_PER_ELEMENT)).buffer,
      );
      return { type: 'float32', dims, data } satisfies Tensor<'float32'>;
    },
  });
  const dict =
    top instanceof Map && top.get('model_state_dict') instanceof Map
      ? (top.get('model_state_dict') as Map<unknown, unknown>)
      : top;
  if (!(dict instanceof Map)) throw fail('it is not a dict of tensors');
  return Object.fromEntries(dict) as Readonly<Record<string, Tensor<'float32'>>>;
}
