import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readGguf } from './gguf.js';
import { halvesFirst, readMatrix, transpose } from './gguf-weights.js';

const u32 = (value: number) => new Uint8Array(Uint32Array.of(value).buffer);
const u64 = (value: number) => new Uint8Array(BigUint64Array.of(BigInt(value)).buffer);
const text = (value: string) => [u64(value.length), new TextEncoder().encode(value)];

/** A file with one metadata value and one tensor of one block. */
function file(type: number, block: Uint8Array): Uint8Array {
  const head = Buffer.concat([
    u32(0x46554747),
    u32(3),
    u64(1),
    u64(1),
    ...text('llama.block_count'),
    u32(4),
    u32(30),
    ...text('w'),
    u32(2),
    u64(32),
    u64(1),
    u32(type),
    u64(0),
  ]);
  const padding = Buffer.alloc((32 - (head.length % 32)) % 32);
  return new Uint8Array(Buffer.concat([head, padding, block]));
}

/** The float16 numbers 0.5 and -1. */
const [HALF, MINUS_ONE] = [
  [0x00, 0x38],
  [0x00, 0xbc],
] as const;

test('Q4_1: scale × code + minimum, the low halves of the bytes first', () => {
  const codes = Array.from({ length: 16 }, (_, i) => i | ((15 - i) << 4));
  const { metadata, tensors } = readGguf(file(3, Uint8Array.from([...HALF, ...MINUS_ONE, ...codes])), 'a test');
  assert.equal(metadata.get('llama.block_count'), 30);
  const { dims, data } = readMatrix(tensors.get('w') as never);
  assert.deepEqual(dims, [1, 32]);
  const expected = Array.from({ length: 32 }, (_, i) => 0.5 * (i < 16 ? i : 31 - i) - 1);
  assert.deepEqual([...data], expected);
});

test('Q8_0: scale × code, with a sign', () => {
  const codes = Array.from({ length: 32 }, (_, i) => (i - 16) & 0xff);
  const { tensors } = readGguf(file(8, Uint8Array.from([...HALF, ...codes])), 'a test');
  assert.deepEqual(
    [...readMatrix(tensors.get('w') as never).data],
    Array.from({ length: 32 }, (_, i) => 0.5 * (i - 16)),
  );
});

test('a file that is cut off or of another kind is refused by name', () => {
  const whole = file(8, new Uint8Array(34));
  for (let length = 0; length < whole.length; length += 1)
    assert.throws(() => readGguf(whole.subarray(0, length), 'a test'), { code: 'NBS_DATA_INVALID' }, `${length} bytes`);
  assert.throws(() => readGguf(file(2, new Uint8Array(34)), 'a test'), /tensor w has the type 2/);
});

test('rows of rotated pairs come apart, and a transposed matrix is one', () => {
  const rows = { type: 'float32', dims: [8, 1], data: Float32Array.of(0, 1, 2, 3, 4, 5, 6, 7) } as const;
  assert.deepEqual([...halvesFirst(rows, 2).data], [0, 2, 1, 3, 4, 6, 5, 7]);
  const matrix = { type: 'float32', dims: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) } as const;
  assert.deepEqual([...transpose(matrix).data], [1, 4, 2, 5, 3, 6]);
});
