import { mixBits } from '../../core/index.js';

const TWO_32 = 2 ** 32;

/** Mixes numbers to a seed, so that the streams of two tuples are unrelated. */
export function seedOf(...parts: readonly number[]): number {
  return parts.reduce((seed, part) => mixBits(Math.imul(seed ^ mixBits(part | 0), 0x9e3779b1) + 0x7f4a7c15), 0x2545f491);
}

/** Random numbers from a seed: the generator sfc32 of PractRand, period about 2¹²⁸. The same seed gives the same numbers on every machine. */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number) {
    this.#a = mixBits(seed);
    this.#b = mixBits(seed ^ 0x5bf03635);
    this.#c = mixBits(seed ^ 0x1b873593);
    for (let i = 0; i < 12; i += 1) this.bits();
  }

  /** An integer from 0 to 2³² - 1. */
  bits(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    return sum >>> 0;
  }

  /** From 0 to 1, without 1. */
  uniform(): number {
    return this.bits() / TWO_32;
  }

  /** Standard normal, by Box and Muller. */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }

  /** The numbers 0 to `count` - 1 in random order, by Fisher and Yates. */
  permutation(count: number): Int32Array {
    const order = Int32Array.from({ length: count }, (_, i) => i);
    for (let i = count - 1; i > 0; i -= 1) {
      const other = Math.floor(this.uniform() * (i + 1));
      [order[i], order[other]] = [order[other] as number, order[i] as number];
    }
    return order;
  }
}
