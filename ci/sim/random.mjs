/**
 * Numbers in [0, 1) that a seed decides: mulberry32, by Tommy Ettinger (public domain).
 * @param {number} seed
 * @returns {() => number}
 */
export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Draws the time between two events of a Poisson process. */
export const exponential = (draw, mean) => -Math.log(1 - draw()) * mean;
