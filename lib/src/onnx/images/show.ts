import { encode } from './encode.js';
import { classColour } from './overlay.js';
import { checkLabels, checkPixels, type LabelMap, type Pixels } from './pixels.js';

/** A picture that a notebook shows if it is the last value of a cell. */
export interface ShownPicture {
  /** The representations of the value by MIME type. Notebooks call this. */
  [display: symbol]: () => Promise<Record<string, string>>;
}

/**
 * Shows a picture in a notebook, or a map of labels, in which each class has its colour.
 * @throws NBS_IMAGE_NOT_PIXELS
 */
export function show(picture: Pixels | LabelMap): ShownPicture {
  const pixels = 'channels' in picture ? picture : coloured(picture);
  checkPixels(pixels);
  const text = `picture, ${pixels.width} × ${pixels.height} pixels`;
  return {
    [Symbol.for('Jupyter.display')]: async () => ({
      'image/png': Buffer.from(await encode(pixels, { format: 'png' })).toString('base64'),
      'text/plain': text,
    }),
  };
}

function coloured(labels: LabelMap): Pixels {
  checkLabels(labels);
  const data = new Uint8Array(labels.data.length * 3);
  // As in most pictures of segmentations, the class 0 is dark.
  for (const [i, label] of labels.data.entries()) data.set(label === 0 ? [40, 20, 60] : classColour(label), i * 3);
  return { width: labels.width, height: labels.height, channels: 3, data };
}
