import { methodNotes, noteKind, noteMethod } from '../core/index.js';
import type { RouteVerb } from './class-schema.js';
import { NoDecoratorMetadata, NotARouteMethod, RouteTwice } from './errors.js';
import { checkRoutePath, shapeOf } from './route-path.js';

/** A route as its decorator describes it. The types say what the method takes and returns. */
export interface RouteNote {
  readonly method: string;
  readonly verb: RouteVerb;
  readonly path: string;
}

/** The methods that the cluster itself calls. */
const HOOKS = new Set(['fetch', 'dispose', 'reconfigure', 'checkHealth']);

const ROUTE = noteKind('route');
const BATCHED = noteKind('batched');

/**
 * Makes the decorator `@serve.get(path)` and the like, which does not change the method. @throws NBS_INVALID_ROUTE_PATH, NBS_NOT_A_ROUTE_METHOD,
 * NBS_NO_DECORATOR_METADATA
 */
export const routeDecorator = (verb: RouteVerb) => (path: string) => {
  checkRoutePath(path);
  return (_method: unknown, context: ClassMethodDecoratorContext): void => {
    if (typeof context !== 'object' || context === null)
      throw NoDecoratorMetadata({ verb, what: 'those of experimentalDecorators' });
    const { kind, name } = context;
    const what =
      kind !== 'method' ? `a ${String(kind)}` : context.static ? 'a static method' : context.private ? 'a private method' : null;
    if (what !== null || typeof name !== 'string')
      throw NotARouteMethod({ verb, what: what ?? 'a method whose name is a symbol' });
    if (HOOKS.has(name)) throw NotARouteMethod({ verb, what: `the method ${name}, which the cluster calls itself` });
    if (!noteMethod(context, ROUTE, { method: name, verb, path } satisfies RouteNote)) {
      throw NoDecoratorMetadata({ verb, what: 'none' });
    }
  };
};

/** Returns the routes of a class. @throws NBS_ROUTE_TWICE */
export function routesOf(deployment: string, target: object): readonly RouteNote[] {
  const seen = new Map<string, RouteNote>();
  for (const note of methodNotes(target, ROUTE) as readonly RouteNote[]) {
    const key = `${note.verb} ${shapeOf(note.path)}`;
    const first = seen.get(key);
    if (first !== undefined && first.method !== note.method) {
      const { verb, path } = note;
      throw RouteTwice({ deployment, verb: verb.toUpperCase(), path, first: first.method, second: note.method });
    }
    seen.set(key, note);
  }
  return [...seen.values()];
}

/** The method that the cluster calls itself and that `serve.batch` decorates, if there is one. */
export const batchedHookOf = (target: object): string | undefined =>
  (methodNotes(target, BATCHED) as readonly string[]).find((name) => HOOKS.has(name));

/** Returns the names of the methods that `serve.batch` decorates. */
export const batchedMethodsOf = (target: object): ReadonlySet<string> =>
  new Set(methodNotes(target, BATCHED) as readonly string[]);
