import { fnv1a } from '../../core/index.js';
import { describeGraph } from './describe.js';
import { type GraphPlan, INPUT } from './plan.js';

const CHAR = 7.8;
const BOX_HEIGHT = 34;
const PADDING = 14;
const GAP_X = 44;
const GAP_Y = 18;
const MARGIN = 10;

interface Box {
  readonly label: string;
  readonly column: number;
  readonly width: number;
  readonly round: boolean;
  x: number;
  y: number;
}

/** A graph as an SVG document: the input on the left, the result on the right, and each node in the column behind the last node that it needs. */
export function drawGraph(plan: GraphPlan): string {
  const { boxes, edges } = layOut(plan);
  const width = Math.max(...boxes.map((box) => box.x + box.width)) + MARGIN;
  const height = Math.max(...boxes.map((box) => box.y + BOX_HEIGHT)) + MARGIN;
  const described = describeGraph(plan);
  // A page can show several graphs, and an id counts for the whole page.
  const id = `graph-${(fnv1a(described) >>> 0).toString(36)}`;
  return [
    // A narrow page, such as one that nbconvert makes, shows a wide graph smaller instead of cutting it off.
    `<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="${id}-t ${id}-d" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" style="max-width:100%;height:auto" font-family="ui-monospace, monospace" font-size="13">`,
    `<title id="${id}-t">${escaped(described.split('\n', 1)[0] ?? '')}</title>`,
    `<desc id="${id}-d">${escaped(described)}</desc>`,
    `<defs><marker id="${id}-a" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0L8 4L0 8z" fill="#666"/></marker></defs>`,
    ...edges.map(([from, to]) => arrow(boxes[from] as Box, boxes[to] as Box, id)),
    ...boxes.map(drawn),
    '</svg>',
  ].join('\n');
}

function layOut({ nodes }: GraphPlan): {
  readonly boxes: readonly Box[];
  readonly edges: readonly (readonly [number, number])[];
} {
  // Box 0 is the input, box n + 1 is node n, and the last one is the result.
  const columns: number[] = [];
  for (const { needs } of nodes) {
    columns.push(1 + Math.max(0, ...needs.map((need) => (need === INPUT ? 0 : (columns[need] as number)))));
  }
  const last = columns.at(-1) ?? 0;
  const boxes: Box[] = [boxOf('input', 0, true)];
  for (const [at, { name }] of nodes.entries()) boxes.push(boxOf(name, columns[at] as number, false));
  boxes.push(boxOf('result', last + 1, true));
  place(boxes);
  const edges = nodes.flatMap(({ needs }, at) => needs.map((need) => [need + 1, at + 1] as const));
  return { boxes, edges: [...edges, [nodes.length, nodes.length + 1]] };
}

const boxOf = (label: string, column: number, round: boolean): Box => ({
  label,
  column,
  width: Math.ceil(label.length * CHAR) + 2 * PADDING,
  round,
  x: 0,
  y: 0,
});

function place(boxes: readonly Box[]): void {
  const columns = Array.from({ length: 1 + Math.max(...boxes.map(({ column }) => column)) }, (_, at) =>
    boxes.filter(({ column }) => column === at),
  );
  const tallest = Math.max(...columns.map(({ length }) => length));
  let x = MARGIN;
  for (const column of columns) {
    const width = Math.max(...column.map((box) => box.width));
    for (const [row, box] of column.entries()) {
      box.x = x + (width - box.width) / 2;
      box.y = MARGIN + (row + (tallest - column.length) / 2) * (BOX_HEIGHT + GAP_Y);
    }
    x += width + GAP_X;
  }
}

function arrow(from: Box, to: Box, id: string): string {
  const [x1, y1] = [from.x + from.width, from.y + BOX_HEIGHT / 2];
  const [x2, y2] = [to.x, to.y + BOX_HEIGHT / 2];
  const bend = Math.max(GAP_X / 2, (x2 - x1) / 2);
  return `<path d="M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}" fill="none" stroke="#666" marker-end="url(#${id}-a)"/>`;
}

function drawn({ label, x, y, width, round }: Box): string {
  const fill = round ? '#eef' : '#fff';
  const text = `<text x="${x + width / 2}" y="${y + BOX_HEIGHT / 2 + 4.5}" text-anchor="middle" fill="#222">${escaped(label)}</text>`;
  return `<rect x="${x}" y="${y}" width="${width}" height="${BOX_HEIGHT}" rx="${round ? 17 : 4}" fill="${fill}" stroke="#666"/>${text}`;
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
