/** Compares with Pillow and ONNX Runtime. The reference values were printed by ci/pillow-reference.py. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { before, test } from 'node:test';
import { read } from '../image.js';
import { grey, sharpen } from './filters.js';
import type { Pixels } from './pixels.js';
import { resize } from './resize.js';

/** The first 16 digits of the sha256 of the picture's bytes, by Pillow 12. */
const pillow = {
  photo: '416b729128bfb2c3',
  'nearest 128x128': 'efdc6515b9b515eb',
  'nearest 900x617': '5db9c0d995daa058',
  'nearest 451x100': '3691338ef88736fe',
  'nearest 60x300': '61597f96d7894039',
  'nearest cover 224x224': '444c38823d89cdc6',
  'nearest contain 300x301': '28fc31c9fafbccfa',
  'box 128x128': '7cec7a2c1d2f9521',
  'box 900x617': '096a764ddd232d19',
  'box 451x100': 'a2a7ff71cac523e7',
  'box 60x300': 'ba95335a765a656b',
  'box cover 224x224': '595c3a4e87f7b226',
  'box contain 300x301': '240bbf72835f3c7b',
  'bilinear 128x128': '94ebaf10f4835167',
  'bilinear 900x617': '749ba1e58cbd3538',
  'bilinear 451x100': 'adf22d975a68e06b',
  'bilinear 60x300': '80842119283aea02',
  'bilinear cover 224x224': '321d953c4ab5660d',
  'bilinear contain 300x301': 'e7a19d06a7e89c8e',
  'hamming 128x128': '79bb05d3572d99bb',
  'hamming 900x617': '0f054f36a61ab43c',
  'hamming 451x100': '2b0e9d1b633e88f2',
  'hamming 60x300': '70caef820c036037',
  'hamming cover 224x224': '6b1e0329eefc74a2',
  'hamming contain 300x301': '87bc82d4efe907c6',
  'bicubic 128x128': 'e37605493ebbab91',
  'bicubic 900x617': 'c1b745852ce910e6',
  'bicubic 451x100': 'b457c925b3b26f0d',
  'bicubic 60x300': '4519d63705d1e8cd',
  'bicubic cover 224x224': 'd99f79361c35c621',
  'bicubic contain 300x301': '5bf39d970276bf15',
  'lanczos 128x128': 'ffcb397d8fa7bb6c',
  'lanczos 900x617': 'bf85faec45ad5657',
  'lanczos 451x100': 'ab8925fa1184f0b3',
  'lanczos 60x300': '0086be3955f00da2',
  'lanczos cover 224x224': '9311eb61bcd9fb61',
  'lanczos contain 300x301': '3aea0e98eb1b52e3',
  'alpha nearest 128x128': 'e5f251da0a99a915',
  'alpha nearest 451x617': '2fdfac307fe26192',
  'alpha nearest cover 224x224': '23ccc5fb930c4f61',
  'alpha box 128x128': '0c88f777213dc7ea',
  'alpha box 451x617': 'bf57da1ff8921ddd',
  'alpha box cover 224x224': '69db0d067b23edea',
  'alpha bilinear 128x128': '4a583d30679d249d',
  'alpha bilinear 451x617': 'eb5cb2a2988ff69c',
  'alpha bilinear cover 224x224': '54be84e33d52e954',
  'alpha hamming 128x128': '2f509a83ed5e3608',
  'alpha hamming 451x617': '85ddb5ecea41c03a',
  'alpha hamming cover 224x224': 'c1c468e72d31bcf4',
  'alpha bicubic 128x128': '5c7b172c63b84c11',
  'alpha bicubic 451x617': 'f9c274d1fb425552',
  'alpha bicubic cover 224x224': 'eff3b8050c4093ec',
  'alpha lanczos 128x128': 'df78b1f49b140288',
  'alpha lanczos 451x617': '7b1f049ef302701a',
  'alpha lanczos cover 224x224': '3f437a73c021ec7e',
  'sharp 0': '36aba6cad47a264e',
  'sharp 0.5': 'd1ed8959dd596e5e',
  'sharp 2.5': 'e3c104841c0a9d04',
  'sharp 8': 'e7d5acf24abdcdf1',
  'sharp -1': 'a8d84ce17f86c9ee',
  grey: 'cd822d0a5b86379f',
};

/** Every n-th value of the enlarged or reduced photograph, as floats: torch's interpolation without antialiasing, by ONNX Runtime 1.30. */
const torch = {
  'bilinear 128x128': [
    143.82, 72.949, 74.696, 179.738, 58.525, 113.53, 205.738, 8.056, 145.357, 187.611, 54.669, 66.074, 106.039, 62.341, 111.733,
    140.262, 85.08, 90.398, 118.266, 110.822, 120.684, 123.33, 101.81, 122.246,
  ],
  'bilinear 900x617': [
    143.0, 97.336, 84.836, 145.978, 110.331, 80.434, 148.951, 111.384, 108.85, 6.177, 80.657, 121.869, 191.124, 115.188, 67.336,
    201.349, 116.066, 56.298, 148.549, 113.534, 132.338, 112.345, 97.648, 118.771,
  ],
  'bicubic 128x128': [
    143.608, 72.451, 74.395, 179.745, 59.404, 113.147, 205.852, 7.454, 145.649, 187.47, 55.226, 65.739, 107.331, 62.045, 111.875,
    140.233, 85.172, 91.311, 117.658, 111.715, 120.35, 123.008, 99.352, 122.468,
  ],
  'bicubic 900x617': [
    142.67, 96.874, 88.594, 146.029, 110.143, 78.038, 148.281, 111.441, 107.928, 6.088, 79.941, 121.467, 192.866, 114.696, 67.33,
    203.334, 115.528, 54.578, 148.966, 113.433, 132.097, 110.748, 98.654, 118.942,
  ],
};

let photo: Pixels;
before(async () => {
  photo = await read(readFileSync(new URL('../../../../datasets/images/chelsea.png', import.meta.url)));
});

function make(name: string): Pixels {
  const [what = '', ...rest] = name.split(' ');
  if (what === 'photo') return photo;
  if (what === 'grey') return grey(photo);
  if (what === 'sharp') return sharpen(photo, Number(rest[0]));
  return what === 'alpha' ? resized(seeThrough(), rest) : resized(photo, [what, ...rest]);
}

/** The photograph, with its shades of grey as alpha. */
function seeThrough(): Pixels {
  const alpha = grey(photo).data;
  const { width, height, data: colours } = photo;
  const data = new Uint8Array(alpha.length * 4);
  for (let i = 0; i < alpha.length; i += 1) {
    data.set(colours.subarray(i * 3, i * 3 + 3), i * 4);
    data[i * 4 + 3] = alpha[i] as number;
  }
  return { width, height, channels: 4, data };
}

function resized(pixels: Pixels, [kernel, ...rest]: readonly string[]): Pixels {
  const [width = 0, height = 0] = rest.at(-1)?.split('x').map(Number) ?? [];
  return resize(pixels, { width, height, kernel: kernel as 'box', fit: rest.length === 2 ? (rest[0] as 'cover') : 'fill' });
}

for (const [name, expected] of Object.entries(pillow)) {
  test(`${name}: the same bytes as by Pillow`, () => {
    assert.equal(createHash('sha256').update(make(name).data).digest('hex').slice(0, 16), expected);
  });
}

/** By the formulas of Pillow's source: MULDIV255 before the kernel, and 255 × colour ÷ alpha, cut to an integer, after it. */
const blended: readonly (readonly [what: string, from: readonly number[], to: readonly number[]])[] = [
  // 255 and 0 are 128 as a mean, of the colour as of the alpha: 255 × 128 ÷ 128.
  ['red beside nothing stays red', [255, 0, 0, 255, 0, 0, 0, 0], [255, 0, 0, 128]],
  // Times their alpha: 100, 50, 25 and 3, 5, 8; the means 52, 28, 17 of alpha 96.
  ['two colours that one can see through', [200, 100, 50, 128, 10, 20, 30, 64], [138, 74, 45, 96]],
  ['nothing has no colour', [9, 8, 7, 0, 6, 5, 4, 0], [0, 0, 0, 0]],
];
for (const kernel of ['box', 'bilinear'] as const)
  for (const [what, from, to] of blended)
    test(`${what}, by ${kernel}`, () => {
      const pixels = { width: 2, height: 1, channels: 4, data: Uint8Array.from(from) } as const;
      assert.deepEqual([...resize(pixels, { width: 1, height: 1, kernel }).data], to);
    });

test('a picture that keeps its size keeps the colours of what one does not see', () => {
  const pixels = { width: 1, height: 1, channels: 4, data: Uint8Array.of(9, 8, 7, 0) } as const;
  assert.deepEqual([...resize(pixels, { width: 1, height: 1 }).data], [9, 8, 7, 0]);
});

for (const [name, values] of Object.entries(torch)) {
  test(`${name} without antialiasing: torch's values, rounded`, () => {
    const [kernel, size] = name.split(' ') as ['bilinear', string];
    const [width = 0, height = 0] = size.split('x').map(Number);
    const { data } = resize(photo, { width, height, kernel, antialias: false });
    const step = Math.floor(data.length / values.length);
    for (const [i, value] of values.entries()) assert.ok(Math.abs((data[i * step] as number) - value) < 0.501, `${i}: ${value}`);
  });
}
