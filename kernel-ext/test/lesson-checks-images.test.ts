/** Tests of the checks of exercises in the lesson on pictures, with a cat that is a rectangle. */
import { LONG, tryExercises } from './lesson-tries.js';

const mirror = (transform: string, answer: string): string =>
  `const Mirror = serve.deployment(class Mirror {
  transform(image: Pixels): any { ${transform} }
  async fetch(request: Request): Promise<any> { ${answer} }
});
await serve.run(Mirror.bind(), { name: 'mirror', routePrefix: '/mirror' });`;
const MIRRORED = `const { width, data } = image;
    return { ...image, data: data.map((_, i) => { const p = Math.floor(i / 3); const x = p % width; return data[(p - x + width - 1 - x) * 3 + (i % 3)]; }) };`;

/** The nodes of the graph of lesson 05, with a cat that is a rectangle. */
const GRAPH = `import type { LabelMap, Pixels } from 'nbserve/onnx';
import { Exercise } from 'nbserve/lessons';
const photo: Pixels = { width: 512, height: 384, channels: 3, data: new Uint8Array(512 * 384 * 3).map((_, i) => [200, 90, 40][i % 3]) };
const jpeg = await onnx.image.encode(photo);
const unpackRequest = serve.deployment(async function unpackRequest(request: Request) {
  return onnx.image.read(await request.arrayBuffer());
});
const sharpener = serve.deployment(function sharpener(image: Pixels) { return onnx.image.sharpen(image, 2); });
const Segmenter = serve.deployment(class Segmenter {
  async segment({ width, height, channels }: Pixels): Promise<LabelMap> {
    if (channels !== 3) throw new TypeError('the model takes three channels, and got ' + channels);
    const data = new Uint8Array(width * height).map((_, i) => (Math.abs((i % width) - 250) < 60 && Math.abs(Math.floor(i / width) - 150) < 60 ? 1 : 0));
    return { width, height, channels: 1, data } as LabelMap;
  }
});
const segmenter = Segmenter.bind();
const names = ['background', 'cat'];
const packResponse = serve.deployment(async function packResponse(image: Pixels, found: LabelMap) {
  return onnx.image.respond(onnx.image.overlay(image, found, { names }));
});`;
const grey = (node: string, graph = TO_GREY, name = "{ name: 'grey_graph', routePrefix: '/grey' }"): string =>
  `const toGrey = serve.deployment(function toGrey(image: Pixels): any { ${node} });
const greyGraph = serve.graph((request): any => { ${graph} }, { name: 'GreyGraph' });
await serve.run(greyGraph, ${name});`;
const TO_GREY =
  'const one = toGrey.bind(unpackRequest.bind(request)); return packResponse.bind(one, segmenter.segment.bind(one));';
const GREY = `const one = onnx.image.grey(image).data; const data = new Uint8Array(one.length * 3);
  for (let i = 0; i < data.length; i++) data[i] = one[Math.floor(i / 3)]; return { ...image, channels: 3, data };`;

tryExercises([
  {
    lesson: '05-images',
    before: ["import type { Pixels } from 'nbserve/onnx';"],
    cell: 'cell-40',
    check: 'cell-42',
    tries: {
      'nothing done': [null, /expected status 415\n {4}got {6}status 200, text\/plain; charset=utf-8, not yet/],
      'no picture': [
        mirror('return NaN;', 'return new Response(null);'),
        /got {6}NaN\n.*\n.*\n {4}got {6}status 200, no content type, \(no body\)/,
      ],
      'the picture as it is': [
        mirror(
          'return image;',
          'return onnx.image.respond(await onnx.image.read(await request.arrayBuffer()), { format: "png" });',
        ),
        /✖ a call by handle exchanges left and right[\s\S]*✖ POST of a PNG/,
      ],
      'each pixel moves by one': [
        mirror(
          `const { width, data } = image;
    return { ...image, data: data.map((_, i) => { const p = Math.floor(i / 3); const x = p % width; return data[(p - x + ((x + 1) % width)) * 3 + (i % 3)]; }) };`,
          "return 'x';",
        ),
        /✖ a call by handle exchanges left and right\n {4}expected/,
      ],
      'bytes in reverse': [
        mirror('return { ...image, data: image.data.slice().reverse() };', "return 'x';"),
        /✖ a call by handle exchanges left and right\n {4}expected/,
      ],
      'upside down': [
        mirror(
          'const row = image.width * 3; return { ...image, data: new Uint8Array([...image.data.subarray(row), ...image.data.subarray(0, row)]) };',
          "return 'x';",
        ),
        /✖ a call by handle exchanges left and right\n {4}expected/,
      ],
      'no return': [mirror('', "return 'x';"), /got {6}undefined/],
      'a JPEG': [
        mirror(MIRRORED, 'return onnx.image.respond(this.transform(await onnx.image.read(await request.arrayBuffer())));'),
        /expected status 200, image\/png\n {4}got {6}status 200, image\/jpeg/,
      ],
      'every error is caught': [
        mirror(
          MIRRORED,
          'try { return onnx.image.respond(this.transform(await onnx.image.read(await request.arrayBuffer())), { format: "png" }); } catch { return "bad"; }',
        ),
        /✖ POST of a text\n {4}expected status 415\n {4}got {6}status 200, .*bad/,
      ],
      'the bytes as a picture': [
        mirror('return image;', 'return this.transform(await request.arrayBuffer() as any);'),
        /✖ POST of a PNG/,
      ],
      'an error': [
        mirror(`throw new Error('${LONG}');`, 'return this.transform({} as Pixels);'),
        new RegExp(`Error: ${LONG}\n {4}at Mirror`),
      ],
    },
  },
  {
    lesson: '05-images',
    before: [GRAPH],
    cell: 'cell-65',
    check: 'cell-67',
    tries: {
      'an empty cell': ['', /✖ expected an application grey_graph under \/grey/],
      'nothing done': [null, /✖ the nodes\n {4}expected toGrey, and no sharpener\n {4}got {6}.*sharpener/],
      'the photograph as it is': [grey('return image;'), /the background is not grey at 500, 60/],
      'grey in one place alone': [
        grey('const data = image.data.slice(); data.fill(117, 50 * 1536, 70 * 1536); return { ...image, data };'),
        /the background is not grey at 500, 200/,
      ],
      'the sharpener behind it': [
        grey(
          GREY,
          `const sharp = sharpener.bind(unpackRequest.bind(request));
           return packResponse.bind(toGrey.bind(sharp), segmenter.segment.bind(sharp));`,
        ),
        /✖ the nodes\n {4}expected toGrey, and no sharpener\n[\s\S]*✔ a grey photograph, and the cat in colour\n/,
      ],
      'a black photograph': [
        grey('return { ...image, data: new Uint8Array(image.data.length) };'),
        /expected about 1\d\d at 500, 60\n {4}got {6}\d\n/,
      ],
      'one channel': [grey('return onnx.image.grey(image);'), /TypeError: the model takes three channels, and got 1/],
      'no cat': [
        grey(GREY, `${TO_GREY.split('return')[0]}return packResponse.bind(one, one);`),
        /✖ a grey photograph, and the cat in colour/,
      ],
      'a smaller picture': [
        grey(`image = onnx.image.resize(image, { width: 256, height: 192 }); ${GREY}`),
        /expected 512 × 384 pixels\n {4}got {6}256 × 192/,
      ],
      'the cat in grey too': [
        grey(GREY, 'return toGrey.bind(unpackRequest.bind(request));').replace(
          'return { ...image, channels: 3, data };',
          'return onnx.image.respond({ ...image, channels: 3, data });',
        ),
        /the cat is not in colour/,
      ],
      'no return': [grey(''), /✖ a grey photograph, and the cat in colour\n {4}expected status 200 and a picture/],
      'a text': [
        grey("return 'grey';", 'return toGrey.bind(unpackRequest.bind(request));'),
        /expected status 200 and a picture\n {4}got {6}status 200, text\/plain.*grey/,
      ],
      'an error': [grey(`throw new Error('${LONG}end');`), new RegExp(`Error: ${LONG}end`)],
      'another route': [
        `await serve.delete('grey_graph');\n${grey(GREY, TO_GREY, "{ name: 'grey_graph', routePrefix: '/gray' }")}`,
        /got grey_graph under \/gray/,
      ],
    },
  },
]);
