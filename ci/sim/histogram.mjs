/** A histogram of times on a logarithmic scale, with steps of 2 % from 1 ms on. */
export class Histogram {
  #counts = [];
  count = 0;

  add(ms) {
    const step = ms < 1 ? 0 : 1 + Math.floor(Math.log(ms) / STEP);
    this.#counts[step] = (this.#counts[step] ?? 0) + 1;
    this.count += 1;
  }

  /** The time below which `share` of all times are. */
  quantile(share) {
    let left = share * this.count;
    for (const step in this.#counts) {
      left -= this.#counts[step];
      if (left <= 0) return Number(step) === 0 ? 0 : Math.exp(Number(step) * STEP);
    }
    return 0;
  }
}

const STEP = Math.log(1.02);
