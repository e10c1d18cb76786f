/** The seed that clients get in the reply to `debugInfo`. */
export const HASH_SEED = 0xc70f6907;

const M = 0x5bd1e995;

/** MurmurHash2, 32 bits, of the text in UTF-8. Clients name a cell's source by the hash of its code (`hashMethod: 'Murmur2'`). */
export function murmur2(text: string, seed = HASH_SEED): number {
  const data = Buffer.from(text, 'utf8');
  let h = seed ^ data.length;
  let at = 0;
  for (; data.length - at >= 4; at += 4) {
    let k = Math.imul(data.readInt32LE(at), M);
    k = Math.imul(k ^ (k >>> 24), M);
    h = Math.imul(h, M) ^ k;
  }
  const left = data.length - at;
  if (left > 2) h ^= (data[at + 2] as number) << 16;
  if (left > 1) h ^= (data[at + 1] as number) << 8;
  if (left > 0) h = Math.imul(h ^ (data[at] as number), M);
  h = Math.imul(h ^ (h >>> 13), M);
  return (h ^ (h >>> 15)) >>> 0;
}
