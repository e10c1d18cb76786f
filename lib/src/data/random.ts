import { randomInt } from 'node:crypto';
import { mixBits } from '../core/index.js';
import { type Block, pickRows, rebatch } from './block.js';

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

/** Rows in the order in which they are picked at random from a window. */
export async function* locallyShuffled(blocks: AsyncIterable<Block>, size: number, random: () => number): AsyncGenerator<Block> {
  for await (const block of rebatch(blocks, Math.max(1, size))) {
    const order = Array.from({ length: block.rows }, (_, i) => i);
    for (let i = order.length - 1; i > 0; i--) {
      const j = Math.floor(random() * (i + 1));
      [order[i], order[j]] = [order[j] as number, order[i] as number];
    }
    yield pickRows(block, order);
  }
}
