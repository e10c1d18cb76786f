const EPSILON = 1e-6;

/** Checks invariants at every step and collects the violations. */
export class Invariants {
  violations = [];
  #nodes;
  #held = new Map();
  #bounds;
  /** The replicas of each app that were initialized and are not draining. */
  #alive = new Map();

  /** @param {Map<string, { min: number, max: number }>} bounds by app */
  constructor(nodes, bounds) {
    this.#nodes = new Map(nodes.map(({ id, resources }) => [id, resources.cpu]));
    this.#bounds = bounds;
  }

  initialized({ app, replicaId, allocation }) {
    const count = (this.#alive.get(app) ?? 0) + 1;
    this.#alive.set(app, count);
    const { max } = this.#bounds.get(app);
    if (count > max) this.#violate(`${app} has ${count} replicas, over its ${max} (${replicaId})`);
    if (allocation === null) return;
    const held = (this.#held.get(allocation.node) ?? 0) + allocation.resources.cpu;
    this.#held.set(allocation.node, held);
    if (held > this.#nodes.get(allocation.node) + EPSILON) this.#violate(`${allocation.node} gave out ${held} cpu`);
  }

  drained({ app, replicaId }) {
    const count = this.#alive.get(app) - 1;
    this.#alive.set(app, count);
    const { min } = this.#bounds.get(app);
    if (count < min) this.#violate(`${app} was left with ${count} replicas, under its ${min} (${replicaId})`);
  }

  /** @param {number} ongoing requests that it had not answered */
  stopped(id, ongoing) {
    if (ongoing > 0) this.#violate(`${id} was stopped with ${ongoing} requests unanswered`);
  }

  ended({ app, allocation }, { draining }) {
    if (!draining) this.#alive.set(app, this.#alive.get(app) - 1);
    if (allocation !== null) this.#held.set(allocation.node, this.#held.get(allocation.node) - allocation.resources.cpu);
  }

  request(error) {
    this.#violate(`a request failed: ${error.code ?? ''} ${error.message}`);
  }

  #violate(text) {
    if (this.violations.length < 20) this.violations.push(text);
  }
}
