import { inflateRawSync } from 'node:zlib';
import { InvalidData } from './errors.js';

const END_OF_DIRECTORY = 0x06054b50;
const DIRECTORY_ENTRY = 0x02014b50;
const END_LENGTH = 22;

/** The files of a zip archive by name. Each is unpacked when it is asked for. Wheels and torch checkpoints are zip archives. zip64 and encryption are refused. */
export function readZip(bytes: Uint8Array, source: string): ReadonlyMap<string, () => Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fail = (reason: string) => InvalidData({ source, format: 'a zip archive', reason });
  let end = bytes.length - END_LENGTH;
  // After the end record there may be a comment of up to 65,535 bytes.
  while (end >= 0 && view.getUint32(end, true) !== END_OF_DIRECTORY) end -= 1;
  if (end < 0) throw fail('it has no directory');
  const count = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  if (count === 0xffff || at === 0xffffffff) throw fail('it is in zip64 format');
  const files = new Map<string, () => Uint8Array>();
  for (let i = 0; i < count; i += 1) {
    if (at + 46 > bytes.length || view.getUint32(at, true) !== DIRECTORY_ENTRY) throw fail('its directory is damaged');
    const method = view.getUint16(at + 10, true);
    const packed = view.getUint32(at + 20, true);
    const [nameLength, extraLength, commentLength] = [
      view.getUint16(at + 28, true),
      view.getUint16(at + 30, true),
      view.getUint16(at + 32, true),
    ];
    const local = view.getUint32(at + 42, true);
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
    files.set(name, () => {
      if (local + 30 > bytes.length) throw fail(`${name} is cut off`);
      const start = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
      const body = bytes.subarray(start, start + packed);
      if (body.length !== packed) throw fail(`${name} is cut off`);
      if (method === 0) return body;
      if (method === 8) return inflateRawSync(body);
      throw fail(`${name} is packed by method ${method}`);
    });
    at += 46 + nameLength + extraLength + commentLength;
  }
  return files;
}
