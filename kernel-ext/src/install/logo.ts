import { deflateSync } from 'node:zlib';

/** The logo in the unit square: a rounded tile, and one circle that feeds three, as a proxy feeds replicas. */
const TILE = { radius: 0.2, color: [0x1f, 0x5f, 0xbf] } as const;
const INK = [0xff, 0xff, 0xff] as const;
const HUB = { x: 0.27, y: 0.5, r: 0.13 } as const;
const LEAVES = [0.24, 0.5, 0.76].map((y) => ({ x: 0.75, y, r: 0.09 }));
const LINE_WIDTH = 0.055;

const hex = (color: readonly number[]): string => `#${color.map((part) => part.toString(16).padStart(2, '0')).join('')}`;

/** The logo as SVG. */
export function logoSvg(): string {
  const circles = [HUB, ...LEAVES].map(({ x, y, r }) => `<circle cx="${x}" cy="${y}" r="${r}"/>`).join('');
  const lines = LEAVES.map(({ x, y }) => `M${HUB.x} ${HUB.y}L${x} ${y}`).join('');
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><rect width="1" height="1" rx="${TILE.radius}" fill="${hex(TILE.color)}"/>` +
    `<path d="${lines}" stroke="${hex(INK)}" stroke-width="${LINE_WIDTH}"/><g fill="${hex(INK)}">${circles}</g></svg>\n`
  );
}

function inTile(x: number, y: number): boolean {
  const beyond = (at: number): number => Math.max(TILE.radius - at, at - (1 - TILE.radius), 0);
  return Math.hypot(beyond(x), beyond(y)) <= TILE.radius;
}

function inInk(x: number, y: number): boolean {
  if ([HUB, ...LEAVES].some((circle) => Math.hypot(x - circle.x, y - circle.y) <= circle.r)) return true;
  return LEAVES.some((leaf) => {
    const [dx, dy] = [leaf.x - HUB.x, leaf.y - HUB.y];
    const along = Math.min(1, Math.max(0, ((x - HUB.x) * dx + (y - HUB.y) * dy) / (dx * dx + dy * dy)));
    return Math.hypot(x - HUB.x - along * dx, y - HUB.y - along * dy) <= LINE_WIDTH / 2;
  });
}

/** RGBA of the pixel at (column, row), from 4 × 4 samples. */
function pixel(column: number, row: number, size: number): number[] {
  const samples = 4;
  let tile = 0;
  let ink = 0;
  for (let i = 0; i < samples * samples; i++) {
    const x = (column + ((i % samples) + 0.5) / samples) / size;
    const y = (row + (Math.floor(i / samples) + 0.5) / samples) / size;
    if (inTile(x, y)) tile++;
    if (inInk(x, y)) ink++;
  }
  const share = tile === 0 ? 0 : ink / tile;
  const color = TILE.color.map((part, at) => Math.round(part + ((INK[at] ?? 0) - part) * share));
  return [...color, Math.round((255 * tile) / (samples * samples))];
}

/** CRC-32 as PNG chunks have it (PNG specification, annex D). */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'ascii'), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
}

/** The logo as PNG. @param size edge in pixels */
export function logoPng(size: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  header.set([8, 6, 0, 0, 0], 8); // 8 bits a channel, RGBA
  const rows = Array.from({ length: size }, (_, row) => [
    0,
    ...Array.from({ length: size }, (_, column) => pixel(column, row, size)).flat(),
  ]);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.from(rows.flat()))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}
