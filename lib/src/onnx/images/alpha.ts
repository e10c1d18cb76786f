import type { Pixels } from './pixels.js';

/** The colours times the alpha, as Pillow's mode RGBa has them (src/libImaging/Convert.c): then a transparent pixel gives no colour to its neighbours. */
export function premultiplied(pixels: Pixels): Pixels {
  return withColours(pixels, (colour, alpha) => {
    const product = colour * alpha + 128;
    return ((product >> 8) + product) >> 8;
  });
}

/** The opposite of {@link premultiplied}, apart from what rounding has lost. */
export function straight(pixels: Pixels): Pixels {
  return withColours(pixels, (colour, alpha) => (alpha === 0 ? colour : Math.min(Math.floor((255 * colour) / alpha), 255)));
}

function withColours(pixels: Pixels, change: (colour: number, alpha: number) => number): Pixels {
  const data = Uint8Array.from(pixels.data);
  for (let at = 0; at < data.length; at += 4) {
    const alpha = data[at + 3] as number;
    // Both changes leave the colours of an opaque pixel as they are.
    if (alpha === 255) continue;
    for (let c = at; c < at + 3; c += 1) data[c] = change(data[c] as number, alpha);
  }
  return { ...pixels, data };
}
