/** The deadlines of the calls in progress. */
export class RequestDeadlines {
  /** Number of calls in progress. */
  count = 0;
  /** Number of calls without a deadline. */
  #endless = 0;
  /** Number of calls by deadline. */
  readonly #counts = new Map<number, number>();
  #latest = Number.NEGATIVE_INFINITY;
  /** True if the call with the deadline `#latest` has ended and the latest of the others is not known yet. */
  #isOld = false;
  #changes = 0;

  /** @param time the deadline; Infinity if there is none */
  add(time: number): void {
    this.count += 1;
    if (time === Number.POSITIVE_INFINITY) {
      this.#endless += 1;
      return;
    }
    this.#changes += 1;
    this.#counts.set(time, (this.#counts.get(time) ?? 0) + 1);
    if (time < this.#latest) return;
    this.#latest = time;
    this.#isOld = false;
  }

  remove(time: number): void {
    this.count -= 1;
    if (time === Number.POSITIVE_INFINITY) {
      this.#endless -= 1;
      return;
    }
    this.#changes += 1;
    const others = (this.#counts.get(time) ?? 1) - 1;
    if (others > 0) this.#counts.set(time, others);
    else {
      this.#counts.delete(time);
      this.#isOld ||= time === this.#latest;
    }
  }

  /** The latest deadline, or a somewhat later time. Infinity if one call has no deadline, and if there are no calls. */
  get latest(): number {
    if (this.#endless > 0 || this.#counts.size === 0) return Number.POSITIVE_INFINITY;
    // The times are searched once in as many changes as there are times. So the cost of a change does not depend on their number.
    if (this.#isOld && this.#changes >= this.#counts.size) {
      this.#latest = Number.NEGATIVE_INFINITY;
      for (const time of this.#counts.keys()) if (time > this.#latest) this.#latest = time;
      this.#isOld = false;
      this.#changes = 0;
    }
    return this.#latest;
  }
}
