import { gunzipSync } from 'node:zlib';
import { InvalidData } from './errors.js';

const BLOCK = 512;

/** The files of a `.tgz` that npm made, by name. The format is ustar, with long names in its prefix field. */
export function readTarball(packed: Uint8Array, source: string): ReadonlyMap<string, Uint8Array> {
  const bytes = gunzipSync(packed);
  const text = (from: number, length: number) =>
    bytes
      .subarray(from, from + length)
      .toString('utf8')
      .split('\0')[0] ?? '';
  const files = new Map<string, Uint8Array>();
  for (let at = 0; at + BLOCK <= bytes.length && bytes[at] !== 0; ) {
    const size = Number.parseInt(text(at + 124, 12).trim() || '0', 8);
    if (text(at + 257, 5) !== 'ustar' || !Number.isInteger(size))
      throw InvalidData({ source, format: 'a tar archive', reason: `damaged at byte ${at}` });
    const prefix = text(at + 345, 155);
    const name = prefix === '' ? text(at, 100) : `${prefix}/${text(at, 100)}`;
    const kind = text(at + 156, 1);
    if (kind === '0' || kind === '') files.set(name, bytes.subarray(at + BLOCK, at + BLOCK + size));
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return files;
}
