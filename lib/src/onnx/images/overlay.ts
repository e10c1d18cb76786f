import { aboutInput } from '../../core/index.js';
import { ImageNotPixels } from '../errors.js';
import { drawText, TEXT_HEIGHT, textWidth } from './font.js';
import type { Box } from './letterbox.js';
import { checkLabels, checkPixels, type LabelMap, type Pixels } from './pixels.js';

type Colour = readonly [red: number, green: number, blue: number];

/** Options of {@link overlay}. */
export interface OverlayOptions {
  /** The names of the classes, by their numbers, for the legend. @default the numbers */
  readonly names?: readonly string[];
  /** The colour of each class, by its number. @default colours that differ as much as possible */
  readonly palette?: readonly Colour[];
  /** How much of the colour covers the photograph, from 0 to 1. @default 0.5 */
  readonly opacity?: number;
  /** A class that is not coloured, or null if all are. @default 0 */
  readonly background?: number | null;
  /** Whether the names are written at the top left. @default true */
  readonly legend?: boolean;
}

/** A box with what {@link drawBoxes} writes at it. */
export interface LabelledBox extends Box {
  readonly label?: string;
  /** From 0 to 1; written as a percentage. */
  readonly score?: number;
  readonly colour?: Colour;
}

/** The colour of a class if no palette is given: neighbouring numbers get hues that are far apart. */
export function classColour(label: number): Colour {
  // The golden angle, so that any first n hues are spread over the circle.
  const hue = (label * 137.508) % 360;
  const part = (shift: number) => {
    const k = (shift + hue / 30) % 12;
    return Math.round(255 * (0.5 - 0.45 * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
  };
  return [part(0), part(8), part(4)];
}

/**
 * A photograph with the areas of a segmentation in colour over it, and a legend.
 * @throws NBS_IMAGE_NOT_PIXELS, also if the two sizes differ
 */
export function overlay(photo: Pixels, labels: LabelMap, options: OverlayOptions = {}): Pixels {
  checkPixels(photo);
  checkLabels(labels);
  if (photo.width !== labels.width || photo.height !== labels.height)
    throw aboutInput(
      ImageNotPixels({
        reason: `the photograph has ${photo.width} × ${photo.height} pixels, the labels ${labels.width} × ${labels.height}`,
      }),
    );
  const { names, palette, opacity = 0.5, background = 0, legend = true } = options;
  const colourOf = (label: number): Colour => palette?.[label] ?? classColour(label);
  const out = inColour(photo);
  const counts = new Map<number, number>();
  for (const [i, label] of labels.data.entries()) {
    if (label === background) continue;
    counts.set(label, (counts.get(label) ?? 0) + 1);
    const colour = colourOf(label);
    for (const [c, value] of colour.entries())
      out.data[i * 3 + c] = Math.round((out.data[i * 3 + c] as number) * (1 - opacity) + value * opacity);
  }
  if (legend) {
    const found = [...counts].sort((a, b) => b[1] - a[1]);
    for (const [line, [label]] of found.entries())
      drawLabel(out, {
        text: names?.[label] ?? `class ${label}`,
        colour: colourOf(label),
        x: 4,
        y: 4 + line * LINE * scaleOf(out),
      });
  }
  return out;
}

/** A photograph with boxes, each with its label and score. @throws NBS_IMAGE_NOT_PIXELS */
export function drawBoxes(photo: Pixels, boxes: readonly LabelledBox[]): Pixels {
  checkPixels(photo);
  const out = inColour(photo);
  for (const [i, box] of boxes.entries()) {
    const colour = box.colour ?? classColour(i);
    const [x1, y1, x2, y2] = [box.x1, box.y1, box.x2, box.y2].map(Math.round) as [number, number, number, number];
    const thick = scaleOf(out);
    fill(out, { x: x1, y: y1, width: x2 - x1, height: thick }, colour);
    fill(out, { x: x1, y: y2 - thick, width: x2 - x1, height: thick }, colour);
    fill(out, { x: x1, y: y1, width: thick, height: y2 - y1 }, colour);
    fill(out, { x: x2 - thick, y: y1, width: thick, height: y2 - y1 }, colour);
    const score = box.score === undefined ? '' : `${Math.round(box.score * 100)} %`;
    const text = [box.label ?? '', score].filter(Boolean).join(' ');
    if (text !== '') drawLabel(out, { text, colour, x: Math.max(0, x1), y: Math.max(0, y1) });
  }
  return out;
}

/** Height of a label in dots. */
const LINE = TEXT_HEIGHT + 6;
/** Pixels of a dot: larger pictures get larger texts. */
const scaleOf = ({ width, height }: Pixels): number => Math.max(1, Math.round(Math.min(width, height) / 220));

interface Label {
  readonly text: string;
  readonly colour: Colour;
  readonly x: number;
  readonly y: number;
}

function drawLabel(out: Pixels, { text, colour, x, y }: Label): void {
  const scale = scaleOf(out);
  fill(out, { x, y, width: (textWidth(text) + 6) * scale, height: (LINE - 1) * scale }, colour);
  const isLight = colour[0] * 0.299 + colour[1] * 0.587 + colour[2] * 0.114 > 140;
  const ink: Colour = isLight ? [0, 0, 0] : [255, 255, 255];
  drawText(text, (column, row) =>
    fill(out, { x: x + (column + 3) * scale, y: y + (row + 3) * scale, width: scale, height: scale }, ink),
  );
}

interface Area {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

function fill(out: Pixels, { x, y, width, height }: Area, colour: Colour): void {
  for (let row = Math.max(0, y); row < Math.min(out.height, y + height); row += 1)
    for (let column = Math.max(0, x); column < Math.min(out.width, x + width); column += 1)
      out.data.set(colour, (row * out.width + column) * 3);
}

/** A copy with three channels. */
function inColour({ width, height, channels, data }: Pixels): Pixels {
  const out = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i += 1)
    for (let c = 0; c < 3; c += 1) out[i * 3 + c] = data[channels === 1 ? i : i * channels + c] as number;
  return { width, height, channels: 3, data: out };
}
