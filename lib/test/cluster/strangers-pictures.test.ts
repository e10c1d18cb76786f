/** Files of strangers, sent to the services of lesson 05: each is answered rightly or refused with a code, and the replicas live. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { crc32, deflateSync, gzipSync } from 'node:zlib';
import { serve } from 'nbserve';
import { datasetPath } from 'nbserve/data';
import { onnx, type Pixels } from 'nbserve/onnx';
import sharp from 'sharp';
import { modelFolder } from '../fixtures/chat-model.js';
import { Ingress, Segmenter, Threshold } from '../fixtures/picture-apps.js';

const startThreshold = () => serve.run(Threshold.bind(128), { name: 'threshold', routePrefix: '/threshold' });
let threshold: Awaited<ReturnType<typeof startThreshold>>;
before(async () => {
  threshold = await startThreshold();
});
after(() => serve.shutdown());

const post = (url: string, body: Uint8Array | string, headers: Record<string, string> = {}) =>
  fetch(url, { method: 'POST', body: body as Uint8Array<ArrayBuffer>, headers });

/** The left half is white, the right half is black. */
const [WIDTH, HEIGHT] = [64, 32];
const halves = Buffer.alloc(WIDTH * HEIGHT * 3);
for (let at = 0; at < halves.length; at += 3) if ((at / 3) % WIDTH < WIDTH / 2) halves.fill(255, at, at + 3);
const picture = () => sharp(halves, { raw: { width: WIDTH, height: HEIGHT, channels: 3 } });

const greys = (pixels: Pixels, points: readonly (readonly [number, number])[]) =>
  points.map(([x, y]) => pixels.data[(y * pixels.width + x) * pixels.channels]);

test('pictures of all kinds are thresholded as they are to be shown', async () => {
  const wide = new Uint16Array(WIDTH * HEIGHT * 3);
  for (let at = 0; at < wide.length; at += 1) wide[at] = (halves[at] as number) * 257;
  const kinds: Record<string, Promise<Buffer>> = {
    jpeg: picture().jpeg().toBuffer(),
    'progressive jpeg': picture().jpeg({ progressive: true }).toBuffer(),
    'CMYK jpeg': picture().toColourspace('cmyk').jpeg().toBuffer(),
    'grey jpeg': picture().greyscale().jpeg().toBuffer(),
    png: picture().png().toBuffer(),
    'png of 16 bits': sharp(wide, { raw: { width: WIDTH, height: HEIGHT, channels: 3 } })
      .toColourspace('rgb16')
      .png()
      .toBuffer(),
    'png with a palette': picture().png({ palette: true, colours: 2 }).toBuffer(),
    'interlaced png': picture().png({ progressive: true }).toBuffer(),
    gif: picture().gif().toBuffer(),
    webp: picture().webp().toBuffer(),
    'webp without loss': picture().webp({ lossless: true }).toBuffer(),
    avif: picture().avif({ effort: 0 }).toBuffer(),
    tiff: picture().tiff().toBuffer(),
  };
  for (const [kind, bytes] of Object.entries(kinds)) {
    const response = await post(threshold.url, await bytes);
    assert.equal(response.status, 200, `${kind}: ${response.status === 200 ? '' : await response.text()}`);
    const { width, height, channels, data } = await onnx.image.read(await response.arrayBuffer());
    assert.deepEqual([width, height, channels], [WIDTH, HEIGHT, 3], kind);
    const points = [
      [4, 4],
      [24, 28],
      [40, 4],
      [60, 28],
    ] as const;
    assert.deepEqual(greys({ width, height, channels, data }, points), [255, 255, 0, 0], kind);
  }
});

test('a photograph that was taken with a turned camera is turned', async () => {
  /** Where the white half is. */
  const sides = { 1: 'left', 3: 'right', 6: 'top', 8: 'bottom' } as const;
  const points = {
    left: [8, 16],
    right: [56, 16],
    top: [16, 8],
    bottom: [16, 56],
  } as const;
  for (const [orientation, side] of Object.entries(sides)) {
    const bytes = await picture()
      .withMetadata({ orientation: Number(orientation) })
      .jpeg()
      .toBuffer();
    const response = await post(threshold.url, bytes);
    const pixels = await onnx.image.read(await response.arrayBuffer());
    const isTurned = Number(orientation) > 4;
    assert.deepEqual([pixels.width, pixels.height], isTurned ? [HEIGHT, WIDTH] : [WIDTH, HEIGHT], orientation);
    assert.deepEqual(greys(pixels, [points[side]]), [255], `orientation ${orientation}: ${side}`);
  }
});

test('one pixel and twenty million are answered', async () => {
  const one = await sharp({ create: { width: 1, height: 1, channels: 3, background: '#fff' } })
    .png()
    .toBuffer();
  const small = await onnx.image.read(await (await post(threshold.url, one)).arrayBuffer());
  assert.deepEqual([small.width, small.height, ...small.data], [1, 1, 255, 255, 255]);
  const [width, height] = [5000, 4000];
  const large = await picture().resize(width, height, { fit: 'fill', kernel: 'nearest' }).jpeg().toBuffer();
  const response = await post(threshold.url, large);
  assert.equal(response.status, 200);
  const pixels = await onnx.image.read(await response.arrayBuffer());
  assert.deepEqual([pixels.width, pixels.height], [width, height]);
  assert.deepEqual(
    greys(pixels, [
      [100, 100],
      [4900, 3900],
    ]),
    [255, 0],
  );
});

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length);
  framed.set(body, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}

/** A grey PNG; `pixels` are its compressed lines. */
function png(width: number, height: number, pixels: Uint8Array, extra: readonly Buffer[] = []): Buffer {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width);
  head.writeUInt32BE(height, 4);
  head[8] = 8;
  const signature = Buffer.from('89504e470d0a1a0a', 'hex');
  return Buffer.concat([signature, chunk('IHDR', head), ...extra, chunk('IDAT', pixels), chunk('IEND', Buffer.alloc(0))]);
}

async function strangers(): Promise<Record<string, Uint8Array | string>> {
  const jpeg = await picture().resize(512, 384).jpeg().toBuffer();
  const whole = await picture().png().toBuffer();
  const broken = Buffer.from(jpeg);
  broken.fill(0xff, 200, 400);
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="/etc/passwd"/></svg>`;
  return {
    'a text': 'I am a text.',
    nothing: '',
    JSON: '{"image":"none"}',
    'half a jpeg': jpeg.subarray(0, jpeg.length / 2),
    'the first bytes of a jpeg': jpeg.subarray(0, 20),
    'half a png': whole.subarray(0, whole.length / 2),
    'a jpeg that is damaged': broken,
    'an SVG': svg,
    'an SVG with a declaration': `<?xml version="1.0"?>${svg}`,
    'a page of HTML': '<!doctype html><html><body>no picture</body></html>',
    'a PDF': '%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>',
    'a BMP': Buffer.concat([Buffer.from('BM'), Buffer.alloc(100, 1)]),
    'a compressed jpeg': gzipSync(jpeg),
    'bytes of chance': Buffer.from(Array.from({ length: 5000 }, (_, at) => (at * 7919) % 256)),
    'a signature alone': Buffer.from('89504e470d0a1a0a', 'hex'),
    '30,000 × 30,000 pixels': png(30_000, 30_000, deflateSync(Buffer.alloc(1 << 20))),
    '2,000,000,000 pixels of width': png(2_000_000_000, 1, deflateSync(Buffer.alloc(1 << 20))),
    'no pixels': png(0, 10, deflateSync(Buffer.alloc(10))),
    'a picture without its lines': png(100, 100, deflateSync(Buffer.alloc(10))),
  };
}

test('what is no picture, or too large a one, is refused with a code', async () => {
  const pid = await threshold.pid.remote();
  for (const [what, body] of Object.entries(await strangers())) {
    // The name and the type that a client gives are not believed.
    const response = await post(threshold.url, body, { 'content-type': 'image/jpeg', 'content-disposition': 'filename=cat.jpg' });
    const text = await response.text();
    assert.ok([413, 415].includes(response.status), `${what}: ${response.status} ${text.slice(0, 200)}`);
    assert.match(JSON.parse(text).error.code, /^NBS_IMAGE_/, what);
  }
  assert.equal(await threshold.pid.remote(), pid);
});

test('a profile or a comment that grows to 256 MiB is not read', async () => {
  const grows = deflateSync(Buffer.alloc(256 << 20), { level: 9 });
  const lines = deflateSync(Buffer.concat(Array.from({ length: 8 }, () => Buffer.alloc(9, 255).fill(0, 0, 1))));
  const named = (name: string) => Buffer.concat([Buffer.from(`${name}\0\0`, 'latin1'), grows]);
  const pid = await threshold.pid.remote();
  for (const type of ['iCCP', 'zTXt']) {
    const response = await post(threshold.url, png(8, 8, lines, [chunk(type, named('bomb'))]));
    await response.arrayBuffer();
    assert.ok([200, 413, 415].includes(response.status), `${type}: ${response.status}`);
  }
  assert.equal(await threshold.pid.remote(), pid);
});

test('what strangers send leaves no memory behind', async () => {
  const all = Object.values(await strangers());
  const round = async (count: number) => {
    for (let i = 0; i < count; i += 1)
      await Promise.all(all.map(async (body) => (await post(threshold.url, body)).arrayBuffer()));
    return threshold.memory.remote();
  };
  const pid = await threshold.pid.remote();
  const before = await round(3);
  const grown = ((await round(20)) - before) / 1e6;
  assert.equal(await threshold.pid.remote(), pid);
  assert.ok(grown < 150, `memory grew by ${Math.round(grown)} MB`);
});

const model = modelFolder('images/yolov5s-seg.onnx');
test('the segmenter behind it gets only pictures, and answers the cat after all strangers', { skip: model.skip }, async () => {
  const names = datasetPath('images/coco-names.json');
  const bound = Ingress.bind(Segmenter.bind(model.folder), names);
  const service = await serve.run(bound, { name: 'segment', routePrefix: '/segment' });
  const pids = await service.pids.remote();
  const ask = async (body: Uint8Array | string) => {
    const response = await post(service.url, body);
    const bytes = await response.arrayBuffer();
    return { status: response.status, type: response.headers.get('content-type'), bytes };
  };
  const answers = await Promise.all(
    Object.entries(await strangers()).map(async ([what, body]) => ({ what, ...(await ask(body)) })),
  );
  for (const { what, status } of answers) assert.ok(status === 413 || status === 415, `${what}: ${status}`);
  const tiny = await sharp({ create: { width: 1, height: 1, channels: 3, background: '#888' } })
    .webp()
    .toBuffer();
  const cat = await sharp(readFileSync(datasetPath('images/chelsea.png')))
    .withMetadata({ orientation: 6 })
    .jpeg()
    .toBuffer();
  for (const [body, size] of [
    [tiny, [1, 1]],
    [cat, [300, 451]],
  ] as const) {
    const { status, type, bytes } = await ask(body);
    assert.deepEqual([status, type], [200, 'image/jpeg']);
    const { width, height } = await onnx.image.read(bytes);
    assert.deepEqual([width, height], size);
  }
  assert.deepEqual(await service.pids.remote(), pids);
});
