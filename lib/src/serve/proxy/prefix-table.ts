import { listOf } from '../../core/index.js';
import type { RisingRoute, Route } from '../protocol/index.js';

/** Finds the longest route prefix of a path, by whole segments: `/chat` serves `/chat` and `/chat/x`, not `/chats`. */
export class PrefixTable<R extends RisingRoute = Route> {
  readonly #byPrefix: ReadonlyMap<string, R>;
  readonly #root: R | undefined;
  readonly #longest: number;
  readonly #prefixes: readonly string[];

  constructor(readonly routes: readonly R[]) {
    this.#prefixes = routes.map((route) => route.prefix);
    this.#root = routes.find((route) => route.prefix === '/');
    const others = routes.filter((route) => route.prefix !== '/');
    this.#byPrefix = new Map(others.map((route) => [route.prefix, route]));
    this.#longest = Math.max(0, ...others.map((route) => route.prefix.length));
  }

  /** @param url path and query as the client sent them */
  match(url: string): R | undefined {
    if (this.#byPrefix.size === 0) return this.#root;
    let end = pathEnd(url);
    while (end > 0) {
      if (end <= this.#longest) {
        const route = this.#byPrefix.get(url.slice(0, end));
        if (route !== undefined) return route;
      }
      end = url.lastIndexOf('/', end - 1);
    }
    return this.#root;
  }

  /** A list of the prefixes, for messages. */
  list(): string {
    return listOf(this.#prefixes);
  }
}

function pathEnd(url: string): number {
  const query = url.indexOf('?');
  return query < 0 ? url.length : query;
}
