/** A call in a graph: a method of a bound deployment, with arguments that may contain other nodes. Immutable, so a graph has no cycle. */
export class GraphNode {
  /** @param bound the bound deployment whose method is called */
  constructor(
    readonly bound: object,
    readonly deployment: string,
    readonly method: string,
    readonly args: readonly unknown[],
  ) {}

  /** The deployment for a function, else `deployment.method`. */
  get label(): string {
    return this.method === 'call' ? this.deployment : `${this.deployment}.${this.method}`;
  }

  toString(): string {
    return `node ${this.label}`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

/** The input of one graph, in the arguments of its nodes. */
export class GraphInputNode {
  toString(): string {
    return 'input of a graph';
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}
