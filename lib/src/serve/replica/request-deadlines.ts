/** The deadlines of what a replica works on. */
export class RequestDeadlines {
  /** Of how many calls. */
  count = 0;
  /** How many have none. */
  #endless = 0;
  /** How many have each. */
  readonly #counts = new Map<number, number>();
  #latest = Number.NEGATIVE_INFINITY;
  /** The one with `#latest` has ended, and the latest of the others was not looked for yet. */
  #isOld = false;
  #changes = 0;

  /** @param time Infinity for none */
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

  /** When the last of them is over, or somewhat later; Infinity if one has no end, and if there is none. */
  get latest(): number {
    if (this.#endless > 0 || this.#counts.size === 0) return Number.POSITIVE_INFINITY;
    // After as many changes as there are times: so a change costs the same, however many there are.
    if (this.#isOld && this.#changes >= this.#counts.size) {
      this.#latest = Number.NEGATIVE_INFINITY;
      for (const time of this.#counts.keys()) if (time > this.#latest) this.#latest = time;
      this.#isOld = false;
      this.#changes = 0;
    }
    return this.#latest;
  }
}
