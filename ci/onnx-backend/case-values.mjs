// The values of the backend tests, as arrays, and their comparison.

/** TensorProto.DataType → the element type of ONNX Runtime and how its bytes are read. */
const TYPES = {
  FLOAT: ['float32', Float32Array],
  DOUBLE: ['float64', Float64Array],
  FLOAT16: ['float16', Uint16Array],
  INT8: ['int8', Int8Array],
  UINT8: ['uint8', Uint8Array],
  INT16: ['int16', Int16Array],
  UINT16: ['uint16', Uint16Array],
  INT32: ['int32', Int32Array],
  UINT32: ['uint32', Uint32Array],
  INT64: ['int64', BigInt64Array],
  UINT64: ['uint64', BigUint64Array],
  BOOL: ['bool', Uint8Array],
};

/** The limits of ONNX's own runner for relative and absolute differences. */
const RELATIVE = 1e-3;
const ABSOLUTE = 1e-7;

/** A tensor of a case. @throws Error if the Node binding has no such values */
export function toTensor({ name, kind, type, dims, texts, data, unreadable }) {
  if (kind !== 'tensor') throw new Error(`${name} is no tensor but ${kind.replace('_type', '')}`);
  if (type === 'STRING') return { type: 'string', dims, data: texts };
  const [own, View] = TYPES[type] ?? [];
  if (own === undefined || unreadable !== undefined)
    throw new Error(`${name} has the type ${type}, which the Node binding does not have`);
  const bytes = Uint8Array.from(Buffer.from(data, 'base64'));
  return { type: own, dims, data: new View(bytes.buffer) };
}

/** What differs between two tensors; null if nothing does. `toNumbers` converts the bits of float16. */
export function difference(found, expected, toNumbers) {
  if (found === undefined) return 'the output is missing';
  if (found.type !== expected.type) return `the type is ${found.type}, not ${expected.type}`;
  if (found.dims.join() !== expected.dims.join()) return `the shape is [${found.dims}], not [${expected.dims}]`;
  const [ours, theirs] = [found, expected].map(({ type, data }) => (type === 'float16' ? toNumbers(data) : data));
  const isFloat = expected.type.startsWith('float');
  for (let at = 0; at < theirs.length; at += 1) {
    const [a, b] = [ours[at], theirs[at]];
    const isSame = isFloat ? Object.is(a, b) || a === b || Math.abs(a - b) <= ABSOLUTE + RELATIVE * Math.abs(b) : a === b;
    if (!isSame) return `element ${at} is ${a}, not ${b}`;
  }
  return null;
}
