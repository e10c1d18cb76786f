import { InvalidOption, shownValue, toMs } from '../../core/index.js';
import { wantRequestContexts } from '../context/index.js';
import { deploymentKey, type HandleRef } from '../protocol/index.js';
import { contextOf, routeKey } from './context.js';
import { NoHttpRoute, NoProxy } from './errors.js';
import { RemoteCall, type RemoteCallOptions } from './remote-call.js';
import type { DeploymentHandle, HandleOptions } from './types.js';

const REF = Symbol.for('nbserve.handle');
/** It is sent with each call. */
const MAX_AFFINITY = 1024;
const INSPECT = Symbol.for('nodejs.util.inspect.custom');

/** Makes a handle of a deployment. A handle holds only names, so it can exist before the deployment runs, and remains valid after updates. */
export function createHandle<T>(ref: HandleRef, options: HandleOptions = {}): DeploymentHandle<T> {
  const { app, deployment } = ref;
  // Calls of the handle end with the request that makes them, so requests need contexts.
  wantRequestContexts();
  const callOptions: RemoteCallOptions = {
    ...(options.timeout === undefined ? {} : { timeoutMs: toMs(options.timeout, 'timeout') }),
    ...(options.priority === undefined ? {} : { priority: checkedPriority(options.priority) }),
    ...(options.multiplexedModelId === undefined ? {} : { modelId: options.multiplexedModelId }),
    ...(options.affinity === undefined ? {} : { affinity: checkedAffinity(options.affinity) }),
  };
  const methods = new Map<string, { remote: (...args: unknown[]) => RemoteCall }>();
  const method = (name: string) => {
    let entry = methods.get(name);
    if (entry === undefined) {
      entry = { remote: (...args) => new RemoteCall(ref, name, args, callOptions) };
      methods.set(name, entry);
    }
    return entry;
  };

  const own: Record<PropertyKey, unknown> = {
    appName: app,
    deploymentName: deployment,
    remote: (...args: unknown[]) => new RemoteCall(ref, 'call', args, callOptions),
    options: (more: HandleOptions) => createHandle(ref, { ...options, ...more }),
    toString: () => handleText(ref),
    toJSON: () => handleText(ref),
    [REF]: ref,
    [INSPECT]: () => handleText(ref),
    [Symbol.toPrimitive]: () => handleText(ref),
  };

  return new Proxy(own, {
    get(target, key) {
      if (Object.hasOwn(target, key)) return target[key];
      if (key === 'url') return urlOf(app);
      // If a handle is awaited by mistake, or returned from an async function, it must not look like a promise.
      if (typeof key === 'symbol' || key === 'then' || key === 'constructor') return undefined;
      return method(key);
    },
    has: (target, key) => Object.hasOwn(target, key) || key === 'url',
    set: () => false,
  }) as unknown as DeploymentHandle<T>;
}

/** The names in a handle, or `undefined` if `value` is not a handle. */
export function handleRef(value: unknown): HandleRef | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  return (value as Record<symbol, HandleRef | undefined>)[REF];
}

/** Calls a method of a handle's deployment as a node of a graph. @param mapError changes an error of the call itself, not one of its arguments */
export function callNode(
  handle: object,
  method: string,
  args: readonly unknown[],
  mapError: (error: Error) => Error,
): Promise<unknown> {
  return new RemoteCall(handleRef(handle) as HandleRef, method, args, { mapError });
}

/** The methods that handles can call, in the version to which this handle's calls go now; `null` if they are not known yet. */
export function methodsOf(handle: object): readonly string[] | null {
  const ref = handleRef(handle) as HandleRef;
  return contextOf(ref.app).router.snapshot?.deployments[routeKey(ref)]?.methods ?? null;
}

/** @throws NBS_INVALID_OPTION */
function checkedPriority(priority: unknown): 'interactive' | 'batch' {
  if (priority === 'interactive' || priority === 'batch') return priority;
  const value = shownValue(priority);
  throw InvalidOption({ where: 'handle.options', option: 'priority', expected: "'interactive' or 'batch'", value });
}

/** @throws NBS_INVALID_OPTION */
function checkedAffinity(affinity: unknown): string {
  if (typeof affinity === 'string' && affinity !== '' && affinity.length <= MAX_AFFINITY) return affinity;
  const value = typeof affinity === 'string' ? `a text of ${affinity.length} characters` : typeof affinity;
  throw InvalidOption({
    where: 'handle.options',
    option: 'affinity',
    expected: `a text of 1 to ${MAX_AFFINITY} characters`,
    value,
  });
}

function urlOf(app: string): string {
  const { router, url } = contextOf(app);
  const route = router.snapshot?.routes.find((entry) => entry.app === app);
  if (route === undefined) throw NoHttpRoute({ app });
  if (url === '') throw NoProxy();
  return route.prefix === '/' ? `${url}/` : `${url}${route.prefix}`;
}

function handleText({ app, deployment }: HandleRef): string {
  const methods = knownMethods({ app, deployment });
  return `DeploymentHandle(app=${app}, deployment=${deployment}${methods === null ? '' : `, methods=[${methods.join(', ')}]`})`;
}

function knownMethods({ app, deployment }: HandleRef): readonly string[] | null {
  try {
    return contextOf(app).router.snapshot?.deployments[deploymentKey(app, deployment)]?.methods ?? null;
  } catch {
    return null; // The cluster does not run, so only the names are shown.
  }
}
