import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { crc32, deflateSync } from 'node:zlib';
import type * as Sharp from 'sharp';
import { isAboutInput } from '../core/index.js';
import { fromBase64 } from './base64.js';
import { decode } from './image.js';
import { pixelsToDecode } from './image-header.js';

const sharp = createRequire(import.meta.url)('sharp') as typeof Sharp.default;
const folder = mkdtempSync(join(tmpdir(), 'nbs-image-'));
after(() => rmSync(folder, { recursive: true }));

const size = { width: 2, height: 2 };
const blank = (side: number) => sharp({ create: { width: side, height: side, channels: 3, background: '#f00' } });
const refuses = (given: unknown, code: string, message: RegExp, options = {}) =>
  assert.rejects(decode(given as Uint8Array, { ...size, ...options }), (error: Error & { code: string }) => {
    assert.equal(error.code, code);
    assert.match(error.message, message);
    return true;
  });

test('only bytes are accepted as an image, because sharp reads a text as the path of a file', async () => {
  const path = join(folder, 'red.png');
  writeFileSync(path, await blank(2).png().toBuffer());
  for (const given of [
    path,
    '/etc/passwd',
    new URL(`file://${path}`),
    { create: size },
    { text: { text: 'x' } },
    [path],
    7,
    null,
    undefined,
  ]) {
    await refuses(given, 'NBS_IMAGE_NOT_BYTES', /onnx\.image\.fromBase64/);
  }
  await refuses(new Blob([]), 'NBS_IMAGE_NOT_BYTES', /a Blob, whose bytes are await it\.arrayBuffer\(\)/);
  await assert.rejects(decode(path as never, size), (error) => isAboutInput(error));
});

test('any view of bytes is accepted', async () => {
  const png = new Uint8Array(await blank(2).png().toBuffer());
  const shared = new SharedArrayBuffer(png.length);
  new Uint8Array(shared).set(png);
  const apart = new Uint8Array(png.length + 8);
  apart.set(png, 4);
  for (const given of [png.buffer, new DataView(png.buffer), shared, new DataView(apart.buffer, 4, png.length)]) {
    assert.deepEqual((await decode(given as unknown as Uint8Array, size)).dims, [1, 3, 2, 2]);
  }
});

test('base64 and data URLs become bytes', async () => {
  const png = await blank(2).png().toBuffer();
  for (const text of [
    png.toString('base64'),
    png.toString('base64url'),
    `data:image/png;base64,${png.toString('base64')}`,
    `${png.toString('base64').slice(0, 8)}\n${png.toString('base64').slice(8)}`,
  ]) {
    assert.deepEqual(fromBase64(text), new Uint8Array(png));
  }
  for (const text of [
    '',
    '/etc/passwd!',
    'data:image/svg+xml,<svg/>',
    'https://example.org/a.png',
    'abcde',
    5 as never,
    null as never,
  ]) {
    assert.throws(() => fromBase64(text), { code: 'NBS_BASE64_INVALID', status: 400 });
  }
});

test('an SVG is accepted only if the options say so, and reads no file', async () => {
  const path = join(folder, 'other.png');
  writeFileSync(path, await blank(2).png().toBuffer());
  const svg = (body: string) =>
    Buffer.from(
      `<svg xmlns="http://www.w3.org/2000/svg" width="2" height="2"><rect width="2" height="2" fill="#00f"/>${body}</svg>`,
    );
  await refuses(svg(''), 'NBS_IMAGE_INVALID', /it is svg, which is not taken here; valid are JPEG, PNG, WebP, GIF, AVIF, TIFF$/);
  for (const href of [`file://${path}`, path, 'other.png']) {
    const { data } = await decode(svg(`<image href="${href}" width="2" height="2"/>`), { ...size, formats: ['svg'] });
    assert.deepEqual([...data], [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1], href);
  }
});

test('the number of pixels, times the passes, is limited before an image is decoded', async () => {
  const side = 100;
  const make = {
    png: await blank(side).png().toBuffer(),
    interlaced: await blank(side).png({ progressive: true }).toBuffer(),
    jpeg: await blank(side).jpeg().toBuffer(),
    progressive: await blank(side).jpeg({ progressive: true }).toBuffer(),
    gif: await blank(side).gif().toBuffer(),
    avif: await blank(side).avif({ effort: 0 }).toBuffer(),
  };
  const plain = { maxPixels: side * side };
  for (const bytes of [make.png, make.jpeg]) assert.deepEqual((await decode(bytes, { ...size, ...plain })).dims, [1, 3, 2, 2]);
  const { width, height, format, isProgressive } = await sharp(make.progressive).metadata();
  const scans =
    pixelsToDecode(make.progressive, { width, height, format, isProgressive: isProgressive === true }) / (side * side);
  assert.ok(scans > 1 && scans < 20, `${scans} scans`);
  for (const [bytes, passes] of [
    [make.interlaced, 7],
    [make.progressive, scans],
    [make.gif, 7],
    [make.avif, 8],
  ] as const) {
    await refuses(
      bytes,
      'NBS_IMAGE_TOO_LARGE',
      new RegExp(`gone over ${passes} times; at most 10000 are decoded \\(maxPixels\\)`),
      plain,
    );
    await decode(bytes, { ...size, maxPixels: side * side * passes });
  }
  await refuses(make.png, 'NBS_IMAGE_TOO_LARGE', /maxPixels/, { maxPixels: side * side - 1 });
});

test('a small file of many pixels is refused by default', async () => {
  const bytes = await sharp({
    create: { width: 12_000, height: 12_000, channels: 3, background: '#123' },
    limitInputPixels: false,
  })
    .png({ compressionLevel: 9 })
    .toBuffer();
  await refuses(bytes, 'NBS_IMAGE_TOO_LARGE', /more than 128000000 pixels/);
});

/** A black PNG of 40,000 × 40,000 pixels, made without its pixels. A fast machine decodes it in over two seconds. */
function vast(): Buffer {
  const side = 40_000;
  const chunk = (type: string, data: Uint8Array): Buffer => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    const framed = Buffer.alloc(body.length + 8);
    framed.writeUInt32BE(data.length);
    framed.set(body, 4);
    framed.writeUInt32BE(crc32(body), body.length + 4);
    return framed;
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(side, 0);
  head.writeUInt32BE(side, 4);
  // One bit for each pixel, grey.
  head[8] = 1;
  const lines = deflateSync(Buffer.alloc(side * (1 + side / 8)));
  const signature = Buffer.from('89504e470d0a1a0a', 'hex');
  return Buffer.concat([signature, chunk('IHDR', head), chunk('IDAT', lines), chunk('IEND', Buffer.alloc(0))]);
}

test('a picture that takes longer than the time limit is refused', async () => {
  await refuses(vast(), 'NBS_IMAGE_TOO_LARGE', /it was not decoded within 1000 ms \(timeout\)/, {
    maxPixels: 2e9,
    timeout: '1s',
  });
});

test("wrong options are the code's fault", async () => {
  const png = await blank(2).png().toBuffer();
  await refuses(png, 'NBS_INVALID_OPTION', /background must be a CSS colour/, { background: 'no colour' });
  await refuses(png, 'NBS_INVALID_OPTION', /formats must be a list of jpeg/, { formats: ['bmp'] });
  await refuses(png, 'NBS_INVALID_OPTION', /maxPixels/, { maxPixels: 0 });
  await refuses(png, 'NBS_INVALID_DURATION', /timeout/, { timeout: 'soon' });
  assert.equal((await decode(png, { ...size, background: 'rebeccapurple' })).dims.length, 4);
});
