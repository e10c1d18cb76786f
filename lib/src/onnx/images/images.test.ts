import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromFloat16 } from '../float16.js';
import { read } from '../image.js';
import { encode, respond } from './encode.js';
import { sharpen } from './filters.js';
import { fromLetterbox, letterbox } from './letterbox.js';
import { drawBoxes, overlay } from './overlay.js';
import type { Pixels } from './pixels.js';
import { prepare, preset } from './preset.js';
import { crop, resize } from './resize.js';
import { overlap, reduceLabels, segmentation } from './segmentation.js';
import { show } from './show.js';
import { toTensor } from './to-tensor.js';

const pixels = (width: number, height: number, channels: 1 | 3 | 4, at: (i: number) => number = (i) => i % 256): Pixels => ({
  width,
  height,
  channels,
  data: Uint8Array.from({ length: width * height * channels }, (_, i) => at(i)),
});

test('tensors in both layouts, both orders of colours, and three types', () => {
  const two = pixels(2, 1, 3, (i) => [10, 20, 30, 40, 50, 60][i] as number);
  const values = (options: object) => [...toTensor(two, { scale: 1, ...options }).data];
  assert.deepEqual(values({}), [10, 40, 20, 50, 30, 60]);
  assert.deepEqual(values({ order: 'BGR' }), [30, 60, 20, 50, 10, 40]);
  assert.deepEqual(values({ layout: 'NHWC', order: 'BGR' }), [30, 20, 10, 60, 50, 40]);
  assert.deepEqual(values({ mean: [10, 0, 0], std: [2, 1, 1] }), [0, 15, 20, 50, 30, 60]);
  const bytes = toTensor(two, { type: 'uint8', layout: 'NHWC' });
  assert.deepEqual([bytes.type, bytes.dims, [...bytes.data]], ['uint8', [1, 1, 2, 3], [...two.data]]);
  const half = toTensor(two, { type: 'float16', scale: 1 });
  assert.deepEqual([half.type, [...fromFloat16(half.data as Uint16Array)]], ['float16', [10, 40, 20, 50, 30, 60]]);
  assert.throws(() => toTensor(two, { type: 'uint8', mean: 1 }), {
    code: 'NBS_INVALID_OPTION',
    message: /left out if type is uint8/,
  });
  for (const std of [0, [1, 0, 1], Number.NaN])
    assert.throws(() => toTensor(two, { std }), { code: 'NBS_INVALID_OPTION', message: /std must be a number other than 0/ });
  assert.throws(() => toTensor(two, { mean: [1, 2] }), { code: 'NBS_INVALID_OPTION', message: /3 numbers/ });
});

test('one side of the size follows from the other, and a part is cut from the centre', () => {
  const wide = pixels(40, 30, 3);
  const size = ({ width, height }: Pixels) => [width, height];
  assert.deepEqual(size(resize(wide, { width: 20 })), [20, 15]);
  assert.deepEqual(size(resize(wide, { height: 10 })), [13, 10]);
  assert.deepEqual(size(resize(wide, { shortestEdge: 15 })), [20, 15]);
  assert.deepEqual([...crop(pixels(3, 3, 1), { width: 1, height: 1 }).data], [4]);
  assert.deepEqual(
    [
      ...crop(
        pixels(2, 1, 1, () => 9),
        { width: 2, height: 1, left: 1, top: 0 },
      ).data,
    ],
    [9, 0],
  );
  assert.throws(() => resize(wide, {}), { code: 'NBS_INVALID_OPTION', message: /width must be/ });
  assert.throws(() => resize(wide, { width: 2, shortestEdge: 3 }), { code: 'NBS_INVALID_OPTION', message: /without width/ });
  assert.throws(() => resize(wide, { width: 2, kernel: 'cubic' as 'bicubic' }), {
    code: 'NBS_INVALID_OPTION',
    message: /lanczos/,
  });
});

test('a box of a letterbox comes back to the picture', () => {
  const { pixels: boxed, geometry } = letterbox(
    pixels(40, 20, 3, () => 1),
    { width: 20, height: 20 },
  );
  assert.deepEqual([boxed.width, boxed.height, geometry.left, geometry.top, geometry.scaleX], [20, 20, 0, 5, 0.5]);
  assert.deepEqual([boxed.data[0], boxed.data[5 * 20 * 3], boxed.data[15 * 20 * 3]], [114, 1, 114]);
  assert.deepEqual(fromLetterbox({ x1: 2, y1: 6, x2: 30, y2: 9, score: 1 }, geometry), { x1: 4, y1: 2, x2: 40, y2: 8, score: 1 });
  assert.equal(letterbox(pixels(40, 20, 1), { width: 20, height: 20, centre: false }).geometry.top, 0);
});

test('presets of vision models, old and new', () => {
  const segformer = preset({
    do_normalize: true,
    do_reduce_labels: true,
    do_resize: true,
    image_mean: [0.5, 0.5, 0.5],
    image_std: [0.5, 0.5, 0.5],
    resample: 2,
    size: { height: 8, width: 16 },
  });
  assert.deepEqual([segformer.resize, segformer.kernel, segformer.reduceLabels], [{ width: 16, height: 8 }, 'bilinear', true]);
  const tensor = prepare(
    pixels(4, 4, 3, () => 255),
    segformer,
  );
  assert.deepEqual([tensor.dims, tensor.data[0]], [[1, 3, 8, 16], 1]);
  const vit = preset({
    do_resize: true,
    size: { shortest_edge: 6 },
    do_center_crop: true,
    crop_size: 4,
    resample: 3,
    do_normalize: false,
  });
  assert.deepEqual(prepare(pixels(12, 8, 3), vit).dims, [1, 3, 4, 4]);
  assert.deepEqual(preset({ size: 224, resample: 2 }).resize, { width: 224, height: 224 });
  for (const [config, message] of [
    [{ size: 'big' }, /size must be a positive integer, not "big"/],
    [{ size: 4, resample: 9 }, /resample must be from 0 to 5/],
    [{ size: 4, do_pad: true }, /do_pad is not supported; use onnx\.image\.letterbox/],
    [{ size: { shortest_edge: 4, longest_edge: 8 } }, /longest_edge/],
    [{ size: 4, image_mean: 'x' }, /image_mean must be a list of numbers/],
    [{ size: 4, image_mean: [0, Number.NaN, 0] }, /image_mean must be a list of numbers, not \[ 0, NaN, 0 \]/],
    [{ size: 4, image_std: [0, 0, 0] }, /image_std must be a list of numbers other than 0/],
    [{ size: 4, rescale_factor: Number.POSITIVE_INFINITY }, /rescale_factor must be a number, not Infinity/],
    ['/etc/passwd', /^the preprocessor config cannot be used to prepare pictures: it is a text; pass the address of a file/],
    [new URL('file:///nowhere/preprocessor_config.json'), /no such file/],
    [[], /not a JSON object/],
  ] as const)
    assert.throws(() => preset(config as never), { code: 'NBS_IMAGE_PRESET', message });
});

test('a segmentation is enlarged before the best class is chosen', () => {
  const logits = { type: 'float32', dims: [1, 3, 1, 2], data: Float32Array.of(0, 0, 1, -5, -5, 1.5) } as const;
  assert.deepEqual([...(segmentation(logits)[0]?.data ?? [])], [1, 2]);
  // Class 1 goes from 1 to -5 and class 2 from -5 to 1.5, so in the middle class 0 wins.
  const [map] = segmentation(logits, { targetSizes: [{ width: 6, height: 2 }] });
  assert.deepEqual([map?.width, map?.height, [...(map?.data ?? [])]], [6, 2, [1, 1, 0, 0, 2, 2, 1, 1, 0, 0, 2, 2]]);
  assert.throws(() => segmentation({ ...logits, dims: [3, 2] }), { code: 'NBS_ONNX_INVALID_TENSOR', message: /float32\[3, 2\]/ });
  assert.throws(() => segmentation(logits, { targetSizes: [] }), { code: 'NBS_ONNX_INVALID_TENSOR', message: /0 target sizes/ });
  const labels = { width: 4, height: 1, data: Uint8Array.of(0, 1, 150, 255) };
  assert.deepEqual([...reduceLabels(labels).data], [255, 0, 149, 255]);
  const other = { ...labels, data: Uint8Array.of(0, 1, 1, 255) };
  assert.equal(overlap(labels, other, 1), 0.5);
});

test('an overlay colours the classes and writes their names', () => {
  const photo = pixels(120, 60, 1, () => 100);
  const labels = { width: 120, height: 60, data: Uint8Array.from({ length: 7200 }, (_, i) => (i % 120 < 60 ? 0 : 1)) };
  const out = overlay(photo, labels, {
    palette: [
      [0, 0, 0],
      [200, 0, 0],
    ],
    legend: false,
  });
  assert.deepEqual([...out.data.subarray(0, 3), ...out.data.subarray(360 - 3, 360)], [100, 100, 100, 150, 50, 50]);
  const named = overlay(photo, labels, {
    palette: [
      [0, 0, 0],
      [200, 0, 0],
    ],
    names: ['background', 'cat'],
  });
  assert.deepEqual([...named.data.subarray((4 * 120 + 4) * 3, (4 * 120 + 4) * 3 + 3)], [200, 0, 0], 'the plate of the legend');
  assert.notDeepEqual(named.data, out.data);
  assert.throws(() => overlay(photo, { ...labels, width: 60, height: 120 }), {
    code: 'NBS_IMAGE_NOT_PIXELS',
    message: /60 × 120/,
  });
  const boxed = drawBoxes(photo, [{ x1: 10, y1: 20, x2: 50, y2: 50, label: 'cat', score: 0.8, colour: [1, 2, 3] }]);
  assert.deepEqual([...boxed.data.subarray((40 * 120 + 10) * 3, (40 * 120 + 10) * 3 + 3)], [1, 2, 3]);
});

test('files, replies and pictures of a notebook', async () => {
  const small = pixels(3, 2, 3, (i) => i * 10);
  assert.deepEqual(await read(await encode(small, { format: 'png' })), small);
  const one = pixels(3, 2, 1, (i) => i * 10);
  assert.deepEqual(await read(await encode(one, { format: 'png' }), { channels: 1 }), one);
  const reply = await respond(small);
  assert.deepEqual([reply.headers.get('content-type'), reply.headers.get('content-disposition')], ['image/jpeg', 'inline']);
  assert.equal((await read(await reply.arrayBuffer())).width, 3);
  const shown = await show(small)[Symbol.for('Jupyter.display')]?.();
  assert.deepEqual(Object.keys(shown ?? {}), ['image/png', 'text/plain']);
  await assert.rejects(encode(small, { format: 'bmp' as 'png' }), { code: 'NBS_INVALID_OPTION' });
});

test('what is not a picture is refused with the reason', () => {
  const good = pixels(2, 2, 3);
  for (const [given, reason] of [
    [null, /it is null/],
    [undefined, /it is undefined/],
    ['cat.jpg', /it is a string/],
    [new Uint8Array(4), /onnx\.image\.read decodes the bytes/],
    [{ ...good, width: 0 }, /width is 0/],
    [{ ...good, height: Number.NaN }, /height is NaN/],
    [{ ...good, channels: 2 }, /channels is 2/],
    [{ ...good, data: [1, 2] }, /data is not a Uint8Array/],
    [{ ...good, height: 3 }, /data has 12 bytes; 2 × 3 × 3 are 18/],
  ] as const)
    assert.throws(() => resize(given as never, { width: 1, height: 1 }), {
      code: 'NBS_IMAGE_NOT_PIXELS',
      status: 400,
      message: reason,
    });
  assert.throws(() => sharpen(good, Number.NaN), { code: 'NBS_INVALID_OPTION', message: /factor must be a number, got NaN/ });
});

test('a text, half a picture and a picture that is too large are refused with a code', async () => {
  await assert.rejects(read(Buffer.from('I am a text')), { code: 'NBS_IMAGE_INVALID', status: 415 });
  const jpeg = await encode(pixels(64, 64, 3, (i) => (i * 7919) % 256));
  await assert.rejects(read(jpeg.subarray(0, jpeg.length / 2)), { code: 'NBS_IMAGE_INVALID', status: 415 });
  await assert.rejects(read(jpeg, { maxPixels: 4000 }), { code: 'NBS_IMAGE_TOO_LARGE', status: 413 });
  await assert.rejects(read({ size: 3 } as never), { code: 'NBS_IMAGE_NOT_BYTES', message: /onnx\.image\.read takes the bytes/ });
});

/** As the files of these models are on the hub, without the line breaks. */
const PUBLISHED = {
  convnext:
    '{"crop_pct":0.875,"do_normalize":true,"do_resize":true,"feature_extractor_type":"ConvNextFeatureExtractor","image_mean":[0.485,0.456,0.406],"image_std":[0.229,0.224,0.225],"resample":3,"size":224}',
  detr: '{"do_normalize":true,"do_resize":true,"feature_extractor_type":"DetrFeatureExtractor","format":"coco_detection","image_mean":[0.485,0.456,0.406],"image_std":[0.229,0.224,0.225],"max_size":1333,"size":800}',
  depthAnything:
    '{"do_normalize":true,"do_pad":false,"do_rescale":true,"do_resize":true,"ensure_multiple_of":14,"image_mean":[0.485,0.456,0.406],"image_processor_type":"DPTImageProcessor","image_std":[0.229,0.224,0.225],"keep_aspect_ratio":true,"resample":3,"rescale_factor":0.00392156862745098,"size":{"height":518,"width":518},"size_divisor":null}',
  efficientNet:
    '{"crop_size":{"height":289,"width":289},"do_center_crop":false,"do_normalize":true,"do_rescale":true,"do_resize":true,"image_mean":[0.485,0.456,0.406],"image_processor_type":"EfficientNetImageProcessor","image_std":[0.47853944,0.4732864,0.47434163],"include_top":true,"resample":0,"rescale_factor":0.00392156862745098,"rescale_offset":false,"size":{"height":224,"width":224}}',
  glpn: '{"do_rescale":true,"do_resize":true,"feature_extractor_type":"GLPNFeatureExtractor","resample":2,"size_divisor":32}',
  mobileVit:
    '{"crop_size":256,"do_center_crop":true,"do_flip_channel_order":true,"do_resize":true,"feature_extractor_type":"MobileViTFeatureExtractor","resample":2,"size":288}',
} as const;

test('what a preset would change and is not done is refused by its name', () => {
  const refuses = (text: string, member: string, more: object = {}) =>
    assert.throws(() => preset({ ...(JSON.parse(text) as object), ...more }), {
      code: 'NBS_IMAGE_PRESET',
      message: new RegExp(`: ${member} is not supported`),
    });
  refuses(PUBLISHED.convnext, 'crop_pct');
  refuses(PUBLISHED.detr, 'max_size');
  refuses(PUBLISHED.depthAnything, 'keep_aspect_ratio');
  refuses(PUBLISHED.depthAnything, 'ensure_multiple_of', { keep_aspect_ratio: false });
  refuses(PUBLISHED.efficientNet, 'include_top');
  refuses(PUBLISHED.efficientNet, 'rescale_offset', { include_top: false, rescale_offset: true });
  refuses(PUBLISHED.glpn, 'size_divisor');
  refuses(PUBLISHED.mobileVit, 'do_flip_channel_order', { image_mean: [0.5, 0.5, 0.5] });
  const still = { ...(JSON.parse(PUBLISHED.depthAnything) as object), keep_aspect_ratio: false, ensure_multiple_of: 1 };
  assert.deepEqual(preset(still).resize, { width: 518, height: 518 });
  assert.equal(preset({ ...(JSON.parse(PUBLISHED.glpn) as object), do_resize: false }).resize, null);
});

test('a preset that exchanges the channels gives BGR without a normalization', () => {
  const mobile = preset(JSON.parse(PUBLISHED.mobileVit) as Record<string, unknown>);
  assert.deepEqual([mobile.order, mobile.mean, mobile.std], ['BGR', [0, 0, 0], [1, 1, 1]]);
  const pixels = { width: 1, height: 1, channels: 3, data: Uint8Array.of(255, 51, 0) } as const;
  const { data } = prepare(pixels, { ...mobile, resize: null, crop: null });
  assert.deepEqual([...data], [0, Math.fround(51 / 255), 1]);
  const unused = { ...(JSON.parse(PUBLISHED.mobileVit) as object), do_normalize: false, image_mean: [0.5, 0.5, 0.5] };
  assert.deepEqual(preset(unused), mobile);
});
