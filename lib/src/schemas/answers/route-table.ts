import type { RouteSchema, RouteVerb } from '../class-schema.js';

interface Node<T> {
  readonly fixed: Map<string, Node<T>>;
  parameter: Node<T> | null;
  /** The routes of this path, by verb. */
  readonly routes: Map<RouteVerb, T>;
}

export interface Found<T> {
  /** `null` if the path exists, but only for other verbs. */
  readonly route: T | null;
  /** The texts of the path's parameters, in the order of the path. */
  readonly texts: readonly string[];
  readonly verbs: readonly RouteVerb[];
}

const NO_TEXTS: readonly string[] = [];

const newNode = <T>(): Node<T> => ({ fixed: new Map(), parameter: null, routes: new Map() });

/** Finds the route for a path. A fixed segment is preferred to a parameter at the same place. */
export class RouteTable<T extends { readonly schema: Pick<RouteSchema, 'path' | 'verb'> }> {
  readonly #root = newNode<T>();
  /** The paths without parameters, which are found with one lookup. */
  readonly #fixed = new Map<string, Node<T>>();

  constructor(routes: readonly T[]) {
    for (const route of routes) {
      const { path, verb } = route.schema;
      const node = this.#at(path);
      node.routes.set(verb, route);
      if (!path.includes('/:')) this.#fixed.set(path, node);
    }
  }

  /** @param path without the query, as the client sent it */
  find(path: string, verb: RouteVerb): Found<T> | null {
    const fixed = this.#fixed.get(path);
    const whole = fixed?.routes.get(verb);
    if (whole !== undefined) return { route: whole, texts: NO_TEXTS, verbs: [] };
    const verbs = new Set<RouteVerb>();
    const segments = path.slice(1).split('/');
    const found = this.#walk(this.#root, segments, 0, [], verb, verbs);
    if (found !== null) return found;
    return verbs.size === 0 ? null : { route: null, texts: NO_TEXTS, verbs: [...verbs] };
  }

  #at(path: string): Node<T> {
    let node = this.#root;
    for (const segment of path.slice(1).split('/')) {
      if (segment.startsWith(':')) {
        node.parameter ??= newNode();
        node = node.parameter;
      } else {
        const next = node.fixed.get(segment) ?? newNode<T>();
        node.fixed.set(segment, next);
        node = next;
      }
    }
    return node;
  }

  #walk(
    node: Node<T>,
    segments: readonly string[],
    at: number,
    texts: readonly string[],
    verb: RouteVerb,
    verbs: Set<RouteVerb>,
  ): Found<T> | null {
    const segment = segments[at];
    if (segment === undefined) {
      const route = node.routes.get(verb);
      if (route !== undefined) return { route, texts, verbs: [] };
      for (const other of node.routes.keys()) verbs.add(other);
      return null;
    }
    const fixed = node.fixed.get(segment);
    const first = fixed === undefined ? null : this.#walk(fixed, segments, at + 1, texts, verb, verbs);
    if (first !== null || node.parameter === null || segment === '') return first;
    return this.#walk(node.parameter, segments, at + 1, [...texts, segment], verb, verbs);
  }
}
