const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** FNV-1a over UTF-16 units, 32 bits. It continues from `state`, so that several texts can be hashed one after the other. Not for secrets. */
export function fnv1a(text: string, state = FNV_OFFSET): number {
  let bits = state;
  for (let i = 0; i < text.length; i += 1) bits = Math.imul(bits ^ text.charCodeAt(i), FNV_PRIME);
  return bits;
}

/** The finaliser of MurmurHash3, 0 to 2³² - 1: even hashes of texts that differ in one letter become unrelated numbers. */
export function mixBits(bits: number): number {
  let h = bits ^ (bits >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
