import {
  type LimitedRequest,
  limitBody,
  MAX_JSON_BYTES,
  MAX_UPLOAD_BYTES,
  tellClients,
  toldText,
  type ValueExtension,
} from '../../core/index.js';
import { decodeValue } from '../../ipc/index.js';
import { callNode, methodsOf } from '../handle/index.js';
import { GraphTakesRequest, NoNodeMethod } from './errors.js';
import { type GraphPlan, INPUT, NODE_KIND } from './plan.js';

/** How HTTP requests become the input of a graph. */
export type GraphHttp = 'request' | 'json';

/** A request that can be sent to another replica. */
interface SendableRequest extends LimitedRequest {
  json(): Promise<unknown>;
  /** Reads the body, and returns what arrives as a request. */
  sendable(): Promise<object>;
}

/** Takes the place of a node in arguments. */
class Slot {
  constructor(readonly at: number) {}
}

interface ReadyNode {
  readonly name: string;
  readonly handle: object;
  readonly method: string;
  readonly args: readonly unknown[];
  readonly takesInput: boolean;
}

/**
 * The deployment that calls the nodes of a graph. It makes all calls at once and passes the responses on: so independent nodes run at the same time,
 * and large values go from one node's replica straight to the next one's.
 */
export class GraphDriver {
  readonly #nodes: readonly ReadyNode[];
  readonly #http: GraphHttp;

  constructor({ plan, http }: { readonly plan: GraphPlan; readonly http: GraphHttp }, handles: readonly object[]) {
    this.#http = http;
    const extension: ValueExtension = {
      name: NODE_KIND,
      test: () => false,
      encode: (value) => value,
      decode: (at) => new Slot(at as number),
    };
    this.#nodes = plan.nodes.map(({ name, deployment, method, args, needs }) => {
      const handle = handles[deployment] as object;
      const methods = methodsOf(handle);
      if (methods !== null && !methods.includes(method)) {
        const known = methods.join(', ') || 'none';
        throw NoNodeMethod({ node: name, method, deployment: plan.deployments[deployment] ?? '', methods: known });
      }
      const decoded = decodeValue(args, { extensions: [extension] }) as unknown[];
      return { name, handle, method, args: decoded, takesInput: needs.includes(INPUT) };
    });
  }

  /** @throws NBS_REQUEST_TOO_LARGE, and what a node throws */
  async fetch(request: SendableRequest): Promise<unknown> {
    limitBody(request, this.#http === 'json' ? MAX_JSON_BYTES : MAX_UPLOAD_BYTES);
    return this.#run(this.#http === 'json' ? await request.json() : await request.sendable(), true);
  }

  /** A call by handle. */
  call(input: unknown): Promise<unknown> {
    return this.#run(input, this.#http === 'json');
  }

  /** @param isUsual whether the input is of the kind that HTTP brings */
  #run(input: unknown, isUsual: boolean): Promise<unknown> {
    const responses: unknown[] = [];
    for (const { name, handle, method, args, takesInput } of this.#nodes) {
      const filled = fill(args, (at) => (at === INPUT ? input : responses[at])) as unknown[];
      const explained = (error: Error): Error => (isUsual || !takesInput ? named(error, name) : withoutRequest(error, name));
      responses.push(callNode(handle, method, filled, explained));
    }
    return responses.at(-1) as Promise<unknown>;
  }
}

/** Copies arrays, plain objects, maps and sets, with values in place of the slots. Cycles and shared references are kept. */
function fill(part: unknown, valueAt: (at: number) => unknown, copies = new Map<object, unknown>()): unknown {
  if (part instanceof Slot) return valueAt(part.at);
  if (typeof part !== 'object' || part === null) return part;
  const known = copies.get(part);
  if (known !== undefined) return known;
  const filled = (item: unknown): unknown => fill(item, valueAt, copies);
  const made = <T>(copy: T): T => {
    copies.set(part, copy);
    return copy;
  };
  if (Array.isArray(part)) {
    const copy = made(new Array<unknown>(part.length));
    // It leaves out holes, which stay holes.
    part.forEach((item, i) => {
      copy[i] = filled(item);
    });
    return copy;
  }
  if (part instanceof Map) {
    const copy = made(new Map<unknown, unknown>());
    for (const [key, item] of part) copy.set(filled(key), filled(item));
    return copy;
  }
  if (part instanceof Set) {
    const copy = made(new Set<unknown>());
    for (const item of part) copy.add(filled(item));
    return copy;
  }
  if (Object.getPrototypeOf(part) !== Object.prototype) return part;
  const copy = made<Record<string, unknown>>({});
  for (const [key, item] of Object.entries(part))
    Object.defineProperty(copy, key, { value: filled(item), enumerable: true, configurable: true, writable: true });
  return copy;
}

/** The text of V8 for a member that a value does not have. */
const NO_MEMBER = /is not a function|is not iterable|^Cannot (?:read|destructure|convert)/;

/** If a node looked for a member of a Request in another value, the error says how to pass a Request to the node. */
function withoutRequest(error: Error, node: string): Error {
  const isMissing = error.name === 'TypeError' && NO_MEMBER.test(error.message);
  return isMissing ? GraphTakesRequest({ node, reason: error.message }, error) : named(error, node);
}

/** The same error, whose message begins with the name of the node. Clients of HTTP get no names of deployments. */
function named(error: Error, node: string): Error {
  const told = toldText(error);
  Object.defineProperty(error, 'message', {
    value: `node ${node}: ${error.message}`,
    configurable: true,
    writable: true,
    enumerable: false,
  });
  return tellClients(error, told);
}
