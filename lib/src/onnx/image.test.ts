import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode as decodeAny } from './image.js';
import type { DecodeOptions } from './image-options.js';

const decode = (bytes: Uint8Array, options: DecodeOptions) => decodeAny(bytes, { formats: ['svg', 'png'], ...options });

const svg = (body: string, width = 4, height = 4) =>
  Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${body}</svg>`);
const red = svg('<rect width="4" height="4" fill="#ff0000"/>');
const round = (data: Float32Array) => [...data].map((value) => Math.round(value * 100) / 100);

test('channels first or last, scaled and normalised', async () => {
  const first = await decode(red, { width: 2, height: 1 });
  assert.deepEqual(
    [first.dims, round(first.data)],
    [
      [1, 3, 1, 2],
      [1, 1, 0, 0, 0, 0],
    ],
  );
  const last = await decode(red, { width: 2, height: 1, layout: 'NHWC', mean: [0.5, 0, 0], std: [0.5, 1, 1] });
  assert.deepEqual(
    [last.dims, round(last.data)],
    [
      [1, 1, 2, 3],
      [1, 0, 0, 1, 0, 0],
    ],
  );
  assert.deepEqual(round((await decode(red, { width: 1, height: 1, scale: 1, channels: 4 })).data), [255, 0, 0, 255]);
});

test('padding and transparent pixels get the background, which inverts to black', async () => {
  const ink = svg('<rect x="1" width="1" height="4" fill="#000"/>', 2, 4);
  const options = { width: 4, height: 4, channels: 1, fit: 'contain' } as const;
  assert.deepEqual(round((await decode(ink, { ...options, invert: true })).data).slice(0, 4), [0, 0, 1, 0]);
  assert.deepEqual(round((await decode(ink, { ...options, background: '#fff' })).data).slice(0, 4), [1, 1, 0, 1]);
});

test('bytes that are not an image, and wrong options, have their codes', async () => {
  await assert.rejects(decode(new Uint8Array(0), { width: 1, height: 1 }), { code: 'NBS_IMAGE_INVALID', message: /no bytes/ });
  await assert.rejects(decode(Buffer.from('hello'), { width: 1, height: 1 }), { code: 'NBS_IMAGE_INVALID', status: 415 });
  await assert.rejects(decode(red, { width: 0, height: 1 }), {
    code: 'NBS_INVALID_OPTION',
    message: /width must be an integer from 1/,
  });
  await assert.rejects(decode(red, { width: 1, height: 1, mean: [1, 2] }), {
    code: 'NBS_INVALID_OPTION',
    message: /mean must be 3 numbers/,
  });
  for (const std of [0, [1, 0, 1]])
    await assert.rejects(decode(red, { width: 1, height: 1, std }), {
      code: 'NBS_INVALID_OPTION',
      message: /std must be a number other than 0/,
    });
  await assert.rejects(decode(red, { width: 1, height: 1, size: 3 } as never), { code: 'NBS_UNKNOWN_OPTION' });
});
