import { encodeValue } from '../../ipc/index.js';
import { DeploymentAsArgument, ForeignInput, NotACall, NotANode } from './errors.js';
import { GraphInputNode, GraphNode } from './node.js';

/** The number that stands for the input among the numbers of nodes. */
export const INPUT = -1;
/** The kind of value that stands for a node, or for the input, in encoded arguments. */
export const NODE_KIND = 'graph-node';

export interface PlannedNode {
  /** Unique in its graph. */
  readonly name: string;
  /** Index of its deployment in `GraphPlan.deployments`. */
  readonly deployment: number;
  readonly method: string;
  /** `encodeValue` of the arguments, in which numbers of nodes take the place of nodes. */
  readonly args: Uint8Array;
  /** The nodes in its arguments, each once. */
  readonly needs: readonly number[];
}

/** A graph in the order in which its nodes can be called: each after those that it needs. The last one gives the result. */
export interface GraphPlan {
  readonly nodes: readonly PlannedNode[];
  /** Names of the deployments, in the order of the list of bound deployments. */
  readonly deployments: readonly string[];
}

/** Methods that the cluster calls itself. */
const HOOKS = new Set(['fetch', 'dispose', 'reconfigure', 'checkHealth', 'constructor']);

/**
 * Calls `build` once, and lists the nodes that its result needs.
 * @param isBound tells bound deployments from other values
 * @throws NBS_NOT_A_NODE, NBS_FOREIGN_INPUT, NBS_NOT_A_CALL, NBS_DEPLOYMENT_AS_ARGUMENT; NBS_CANNOT_CLONE for an argument that cannot be sent
 */
export function planGraph(
  build: (input: GraphInputNode) => unknown,
  isBound: (value: unknown) => boolean,
): { readonly plan: GraphPlan; readonly bound: readonly object[] } {
  const input = new GraphInputNode();
  const result = build(input);
  if (!(result instanceof GraphNode)) throw NotANode({ value: shown(result, isBound) });
  const planner = new Planner(input, isBound);
  planner.visit(result);
  return { plan: { nodes: planner.nodes, deployments: planner.names }, bound: planner.bound };
}

class Planner {
  readonly nodes: PlannedNode[] = [];
  readonly bound: object[] = [];
  readonly names: string[] = [];
  readonly #input: GraphInputNode;
  readonly #isBound: (value: unknown) => boolean;
  readonly #known = new Map<GraphNode, number>();
  readonly #labels = new Map<string, number>();

  constructor(input: GraphInputNode, isBound: (value: unknown) => boolean) {
    this.#input = input;
    this.#isBound = isBound;
  }

  visit(node: GraphNode): number {
    const known = this.#known.get(node);
    if (known !== undefined) return known;
    const { label } = node;
    const isFunction = node.method === 'call';
    if (HOOKS.has(node.method) || (!isFunction && node.method in Object.prototype)) {
      throw NotACall({ node: label, method: node.method });
    }
    const needs = new Set<number>();
    const args = encodeValue(node.args, {
      root: `the arguments of ${label}: `,
      extensions: [
        {
          name: NODE_KIND,
          test: (value) => value instanceof GraphNode || value instanceof GraphInputNode || this.#isBound(value),
          encode: (value) => {
            const at = this.#numberOf(value, label);
            needs.add(at);
            return at;
          },
          decode: (wire) => wire,
        },
      ],
    });
    // The nodes that it needs have their numbers by now.
    const at = this.nodes.length;
    this.#known.set(node, at);
    this.nodes.push({
      name: this.#nameOf(label),
      deployment: this.#deploymentOf(node),
      method: node.method,
      args,
      needs: [...needs],
    });
    return at;
  }

  #numberOf(value: unknown, user: string): number {
    if (value instanceof GraphNode) return this.visit(value);
    if (value === this.#input) return INPUT;
    if (value instanceof GraphInputNode) throw ForeignInput({ node: user });
    throw DeploymentAsArgument({ node: user });
  }

  #deploymentOf({ bound, deployment }: GraphNode): number {
    const at = this.bound.indexOf(bound);
    if (at >= 0) return at;
    this.names.push(deployment);
    return this.bound.push(bound) - 1;
  }

  #nameOf(label: string): string {
    const count = (this.#labels.get(label) ?? 0) + 1;
    this.#labels.set(label, count);
    return count === 1 ? label : `${label}#${count}`;
  }
}

function shown(value: unknown, isBound: (value: unknown) => boolean): string {
  if (isBound(value)) return 'a bound deployment without a call';
  if (value instanceof GraphInputNode) return 'its own input';
  if (value instanceof Promise) return 'a promise (it must not be async)';
  return value === null ? 'null' : Array.isArray(value) ? 'an array' : `a value of the type ${typeof value}`;
}
