import { fromFloat16, type Tensor } from 'nbserve/onnx';
import { InvalidData } from '../../lib/dist/assets/errors.js';
import { readZip } from '../../lib/dist/assets/zip.js';
import { readPickle } from './pickle.js';

interface Storage {
  readonly type: string;
  readonly bytes: Uint8Array;
}

/** An object of a Python class in a checkpoint: the path of its class, and its attributes. */
export class TorchObject {
  readonly state = new Map<string, unknown>();

  constructor(readonly path: string) {}
}

/** The types of storage that are read, with the bytes of an element and how a tensor's bytes become numbers. */
const storages: Readonly<Record<string, { readonly bytes: number; readonly read: (bytes: Uint8Array) => Tensor['data'] }>> = {
  'torch.FloatStorage': { bytes: 4, read: (bytes) => new Float32Array(copyOf(bytes)) },
  'torch.HalfStorage': { bytes: 2, read: (bytes) => fromFloat16(new Uint16Array(copyOf(bytes))) },
  'torch.LongStorage': { bytes: 8, read: (bytes) => new BigInt64Array(copyOf(bytes)) },
};

// It is copied, which a Buffer's slice would not do, because the storage may not begin at a multiple of the element's size.
const copyOf = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer;

/**
 * Reads a torch checkpoint (`torch.save`, zip format) without torch, and without running what the pickle in it names: dicts become Maps, objects
 * {@link TorchObject}s, and tensors become tensors; half-precision ones are widened to float32.
 * @param allowed the types of storage that are accepted
 * @throws NBS_DATA_INVALID if it is another kind of file, if it calls a function that is not known here, or if a tensor is not contiguous
 */
export function readCheckpoint(
  bytes: Uint8Array,
  source: string,
  allowed: readonly string[] = Object.keys(storages),
  { objects = true }: { readonly objects?: boolean } = {},
): unknown {
  const fail = (reason: string) => InvalidData({ source, format: 'a torch checkpoint', reason });
  const files = readZip(bytes, source);
  const pickleName = [...files.keys()].find((name) => name.endsWith('/data.pkl'));
  const pickle = pickleName === undefined ? undefined : files.get(pickleName);
  if (pickleName === undefined || pickle === undefined) throw fail('there is no data.pkl in it');
  const root = pickleName.slice(0, -'data.pkl'.length);

  return readPickle(pickle(), source, {
    persistent: (id): Storage => {
      const [, type, key] = id as [string, { path: string }, string];
      const file = files.get(`${root}data/${key}`);
      if (file === undefined) throw fail(`storage ${key} is missing`);
      return { type: type.path, bytes: file() };
    },
    call: (global, args) => {
      if (global.path === 'collections.OrderedDict') return new Map();
      if (global.path === '__builtin__.set') return args[0];
      if (global.path === '__builtin__.getattr') return undefined;
      if (global.path === 'torch._utils._rebuild_parameter') return args[0];
      if (global.path !== 'torch._utils._rebuild_tensor_v2') throw fail(`it calls ${global.path}`);
      const [storage, offset, dims, strides] = args as [Storage, number, number[], number[]];
      const kind = storages[storage.type];
      if (kind === undefined || !allowed.includes(storage.type)) throw fail(`it has a ${storage.type}`);
      let step = 1;
      for (let axis = dims.length - 1; axis >= 0; axis -= 1) {
        if (dims[axis] !== 1 && strides[axis] !== step) throw fail('a tensor is not contiguous');
        step *= dims[axis] as number;
      }
      const data = kind.read(storage.bytes.subarray(offset * kind.bytes, (offset + step) * kind.bytes));
      return { type: data instanceof BigInt64Array ? 'int64' : 'float32', dims, data };
    },
    ...(objects && { create: (global) => new TorchObject(global.path) }),
    build: (object, state) => {
      if (object instanceof TorchObject && state instanceof Map)
        for (const [name, value] of state) object.state.set(String(name), value);
    },
  });
}

/**
 * Reads the tensors of a torch checkpoint that is a state dict.
 * @throws NBS_DATA_INVALID if it is another kind of file, or if a tensor is not contiguous float32
 */
export function readStateDict(bytes: Uint8Array, source: string): Readonly<Record<string, Tensor<'float32'>>> {
  const top = readCheckpoint(bytes, source, ['torch.FloatStorage'], { objects: false });
  const dict =
    top instanceof Map && top.get('model_state_dict') instanceof Map
      ? (top.get('model_state_dict') as Map<unknown, unknown>)
      : top;
  if (!(dict instanceof Map)) throw InvalidData({ source, format: 'a torch checkpoint', reason: 'it is not a dict of tensors' });
  return Object.fromEntries(dict) as Readonly<Record<string, Tensor<'float32'>>>;
}
