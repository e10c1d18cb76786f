import { random as randomFrom } from '../sim/random.mjs';

/** Random choices that a seed decides. */
export class Draw {
  #draw;

  constructor(seed) {
    this.#draw = randomFrom(seed);
  }

  /** An integer; both ends are possible. */
  between(low, high) {
    return low + Math.floor(this.#draw() * (high - low + 1));
  }

  pick(list) {
    return list[this.between(0, list.length - 1)];
  }

  word() {
    return Array.from({ length: this.between(3, 12) }, () => String.fromCharCode(this.between(97, 122))).join('');
  }

  bytes(length) {
    return Array.from({ length }, () => String.fromCharCode(this.between(0, 255))).join('');
  }
}
