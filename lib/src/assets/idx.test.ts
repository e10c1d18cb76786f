import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inflateSync } from 'node:zlib';
import { digitPng, showDigits } from './digits.js';
import { idxHead, readIdx, writeIdx } from './idx.js';
import { mnistTensor } from './mnist.js';

test('IDX: a written file can be read, and its first rows can be taken', () => {
  const idx = { dims: [3, 2], data: Uint8Array.of(1, 2, 3, 4, 5, 6) };
  assert.deepEqual(readIdx(writeIdx(idx), 'x'), idx);
  assert.deepEqual(idxHead(idx, 2), { dims: [2, 2], data: Uint8Array.of(1, 2, 3, 4) });
  assert.deepEqual(idxHead(idx, 9), idx);
});

test('IDX: another file is refused', () => {
  const refuses = (bytes: readonly number[], reason: RegExp) =>
    assert.throws(() => readIdx(Uint8Array.from(bytes), 'x'), { code: 'NBS_DATA_INVALID', message: reason });
  refuses([0x1f, 0x8b, 8, 0], /two zero bytes/);
  refuses([0, 0, 0x0d, 1, 0, 0, 0, 0], /type 0xd/);
  refuses([0, 0, 8, 2, 0, 0, 0, 1], /header is cut off/);
  refuses([0, 0, 8, 1, 0, 0, 0, 2, 1], /need 2 bytes, it has 1/);
});

test('digits are normalised, one or many', () => {
  const image = new Uint8Array(784).fill(255);
  assert.deepEqual(mnistTensor(image).dims, [1, 1, 28, 28]);
  assert.deepEqual(mnistTensor([image, [...image]]).dims, [2, 1, 28, 28]);
  assert.equal(mnistTensor(image).data[0], Math.fround((1 - 0.1307) / 0.3081));
  assert.equal(mnistTensor(image, { mean: 0.5, std: 0.5 }).data[5], 1);
  assert.throws(() => mnistTensor([[1, 2, 3]]), { code: 'NBS_DATA_INVALID', message: /has 3 values, not 784/ });
});

test('a digit as PNG has its pixels; a sheet has its size', () => {
  const png = Buffer.from(digitPng(new Uint8Array(784).fill(7)));
  assert.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20), png[24], png[25]], [28, 28, 8, 0]);
  const length = png.readUInt32BE(33);
  assert.equal(png.toString('latin1', 37, 41), 'IDAT');
  const rows = inflateSync(png.subarray(41, 41 + length));
  assert.deepEqual([rows.length, rows[0], rows[1]], [28 * 29, 0, 7]);
  // The CRC of an empty IEND chunk, from the specification.
  assert.equal(png.readUInt32BE(png.length - 4), 0xae426082);
  const sheet = showDigits([new Uint8Array(784), new Uint8Array(784)], { labels: [1, '2?'], marked: [false, true], columns: 1 });
  assert.deepEqual(
    [Buffer.from(sheet.png).readUInt32BE(16), Buffer.from(sheet.png).readUInt32BE(20)],
    [sheet.width, sheet.height],
  );
  assert.ok(sheet.height > sheet.width);
});
