import { aboutInput } from '../core/index.js';
import { InvalidBase64 } from './errors.js';

const DATA_URL = /^data:[^,]*,/i;

/**
 * Decodes base64, base64url, or a data URL such as `data:image/png;base64,iVBORw0…`: the forms in which JSON contains pictures.
 * @returns the bytes
 * @throws NBS_BASE64_INVALID
 */
export function fromBase64(text: string): Uint8Array {
  const fail = (reason: string) => aboutInput(InvalidBase64({ reason }));
  if (typeof text !== 'string') throw fail(`it is ${text === null ? 'null' : `of type ${typeof text}`}`);
  const head = DATA_URL.exec(text)?.[0];
  if (head !== undefined && !/;\s*base64\s*,$/i.test(head)) throw fail(`the data URL ${head.slice(0, 60)}… is not in base64`);
  const body = text.slice(head?.length ?? 0).replace(/\s+/g, '');
  if (body === '') throw fail('it is empty');
  const plain = body.replace(/={1,2}$/, '');
  // Buffer skips characters that are not base64 and decodes the rest.
  if (!/^[A-Za-z0-9+/_-]+$/.test(plain) || plain.length % 4 === 1)
    throw fail(`it has ${body.length} characters that are not base64 throughout`);
  return new Uint8Array(Buffer.from(plain, 'base64'));
}
