import { randomInt } from 'node:crypto';
import { mixBits } from '../core/index.js';

/** A seed of 32 bits: the given one, or a random one. */
export const mixed = (seed: number | undefined): number => (seed === undefined ? randomInt(2 ** 31) : seed >>> 0);

/** Numbers from 0 up to 1, always the same ones for a seed. */
export function seededRandom(seed: number): () => number {
  let n = seed >>> 0;
  return () => {
    n = (n + 0x9e3779b9) >>> 0;
    return (mixBits(n) >>> 0) / 2 ** 32;
  };
}
