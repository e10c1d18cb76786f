// The types of elements that models take, and random elements of each.
/** Name in the protocol → the type of ONNX Runtime, and how a random element is made, written as bytes and written as JSON. */
export const TYPES = {
  BOOL: numbers(
    'bool',
    1,
    (random) => random.between(0, 1),
    (view, value) => view.setUint8(0, value),
    (value) => value === 1,
  ),
  UINT8: numbers(
    'uint8',
    1,
    (random) => random.between(0, 255),
    (view, value) => view.setUint8(0, value),
  ),
  UINT16: numbers(
    'uint16',
    2,
    (random) => random.between(0, 65_535),
    (view, value) => view.setUint16(0, value, true),
  ),
  UINT32: numbers(
    'uint32',
    4,
    (random) => random.between(0, 2 ** 32 - 1),
    (view, value) => view.setUint32(0, value, true),
  ),
  UINT64: numbers(
    'uint64',
    8,
    (random) => random.between(0, 2 ** 50),
    (view, value) => view.setBigUint64(0, BigInt(value), true),
  ),
  INT8: numbers(
    'int8',
    1,
    (random) => random.between(-128, 127),
    (view, value) => view.setInt8(0, value),
  ),
  INT16: numbers(
    'int16',
    2,
    (random) => random.between(-32_768, 32_767),
    (view, value) => view.setInt16(0, value, true),
  ),
  INT32: numbers(
    'int32',
    4,
    (random) => random.between(-(2 ** 31), 2 ** 31 - 1),
    (view, value) => view.setInt32(0, value, true),
  ),
  INT64: numbers(
    'int64',
    8,
    (random) => random.between(-(2 ** 50), 2 ** 50),
    (view, value) => view.setBigInt64(0, BigInt(value), true),
  ),
  FP32: numbers(
    'float32',
    4,
    (random) => Math.fround(random.between(-1e6, 1e6) / 64),
    (view, value) => view.setFloat32(0, value, true),
  ),
  FP64: numbers(
    'float64',
    8,
    (random) => random.between(-1e9, 1e9) / 1024,
    (view, value) => view.setFloat64(0, value, true),
  ),
  BYTES: {
    type: 'string',
    make: (random) => random.pick(['', 'a', 'ä€😀', '\u0001', '"\\', 'x'.repeat(300)]),
    bytes(value) {
      const text = Buffer.from(value);
      const length = Buffer.alloc(4);
      length.writeUInt32LE(text.length);
      return Buffer.concat([length, text]);
    },
    json: (value) => value,
  },
};

function numbers(type, width, make, set, json = (value) => value) {
  return {
    type,
    make,
    bytes(value) {
      const bytes = Buffer.alloc(width);
      set(new DataView(bytes.buffer, bytes.byteOffset, width), value);
      return bytes;
    },
    json,
  };
}
