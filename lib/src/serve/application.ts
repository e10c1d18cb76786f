import { shownValue } from '../core/index.js';
import type { DeploymentDefinition } from './deployment.js';
import { InvalidAppName, InvalidRoutePrefix } from './errors.js';
import { GraphNode } from './graph/index.js';
import { PendingHandle } from './handle/index.js';
import type { Application } from './types.js';

/** A deployment with the arguments of its constructor. Every other name is a method of the class, for the nodes of graphs. */
export class BoundDeployment {
  constructor(
    readonly boundDefinition: DeploymentDefinition,
    readonly boundArgs: readonly unknown[],
  ) {
    // biome-ignore lint/correctness/noConstructorReturn: the members that user code sees are those of its class
    return new Proxy(this, { get: memberOf });
  }

  get deployment(): string {
    return this.boundDefinition.name;
  }

  toString(): string {
    return `Application(${this.deployment})`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

/** Names that mean something else to those who look at any object. */
const NO_METHODS = new Set(['then', 'toJSON', 'constructor', 'toHtml']);

function memberOf(bound: BoundDeployment, key: PropertyKey, proxy: BoundDeployment): unknown {
  if (typeof key === 'symbol' || key in bound || NO_METHODS.has(String(key))) return Reflect.get(bound, key, bound);
  const method = String(key);
  return { bind: (...args: unknown[]) => new GraphNode(proxy, bound.deployment, method, args) };
}

export const isApplication = (value: unknown): value is BoundDeployment & Application<unknown> =>
  value instanceof BoundDeployment;

/** One deployment of an application, with the name that it has there. */
export interface PlacedDeployment {
  readonly name: string;
  readonly definition: DeploymentDefinition;
  /** The constructor's arguments. Bound deployments are replaced by {@link PendingHandle}s. */
  readonly args: readonly unknown[];
  /** Names of the deployments whose handles are among the arguments. */
  readonly dependencies: readonly string[];
  /** Name of the deployment that decides on its number of replicas, if there is one. */
  readonly policy?: string;
  /** If this is a policy: name of the deployment whose number of replicas it decides on. */
  readonly policyOf?: string;
}

/**
 * Lists the deployments of an application: every bound deployment that can be reached from `root`, inner ones first, the root last.
 * A deployment with a policy of its own follows its policy. If several deployments have the same name, the later ones get `_1`, `_2` …; one bound
 * deployment that is used in two places stays one.
 * @param configure changes the options of a deployment; its name stays
 */
export function layOut(
  app: string,
  root: BoundDeployment,
  configure: (name: string, definition: DeploymentDefinition) => DeploymentDefinition = (_, definition) => definition,
): PlacedDeployment[] {
  const placed: PlacedDeployment[] = [];
  const names = new Map<BoundDeployment, string>();
  const taken = new Set<string>();

  const place = (bound: BoundDeployment): string => {
    const known = names.get(bound);
    if (known !== undefined) return known;
    const name = freeName(bound.boundDefinition.name, taken);
    taken.add(name);
    names.set(bound, name);
    const dependencies = new Set<string>();
    const handleOf = (inner: BoundDeployment): PendingHandle => {
      const dependency = place(inner);
      dependencies.add(dependency);
      return new PendingHandle(app, dependency);
    };
    const args = bound.boundArgs.map((arg) => replaceBound(arg, handleOf));
    const definition = configure(name, bound.boundDefinition);
    const policy = definition.policy === null ? {} : { policy: placePolicy(definition.policy, name) };
    placed.push({ name, definition, args, dependencies: [...dependencies], ...policy });
    return name;
  };

  const placePolicy = (definition: DeploymentDefinition, owner: string): string => {
    const name = freeName(`${owner}.policy`, taken);
    taken.add(name);
    placed.push({ name, definition, args: [], dependencies: [], policyOf: owner });
    return name;
  };

  place(root);
  return placed;
}

function freeName(name: string, taken: ReadonlySet<string>): string {
  if (!taken.has(name)) return name;
  let n = 1;
  while (taken.has(`${name}_${n}`)) n += 1;
  return `${name}_${n}`;
}

/** Copies `value` and replaces each bound deployment. It searches only arrays and plain objects. */
function replaceBound(value: unknown, replace: (bound: BoundDeployment) => unknown): unknown {
  if (value instanceof BoundDeployment) return replace(value);
  if (!holdsBound(value, new Set())) return value;
  if (Array.isArray(value)) return value.map((item) => replaceBound(item, replace));
  return Object.fromEntries(Object.entries(value as object).map(([key, item]) => [key, replaceBound(item, replace)]));
}

function holdsBound(value: unknown, seen: Set<unknown>): boolean {
  if (value instanceof BoundDeployment) return true;
  if (!isContainer(value) || seen.has(value)) return false;
  seen.add(value);
  return Object.values(value).some((item) => holdsBound(item, seen));
}

function isContainer(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** @throws NBS_INVALID_APP_NAME */
export function checkAppName(name: unknown): string {
  if (typeof name === 'string' && /^[\p{L}\p{N}][\p{L}\p{N}_.-]{0,127}$/u.test(name)) return name;
  throw InvalidAppName({ name: shownValue(name) });
}

const PREFIX = /^(\/[^/\\?#{}\s\p{C}]+)+$/u;
/** The cluster's own paths begin with `/-/`, and no URL has a part `.` or `..`. */
const NEVER_SENT = /^\/-(\/|$)|\/(\.|%2e){1,2}(\/|$)/i;

/** @returns the prefix as clients send it: `/caf%C3%A9` for `/café` @throws NBS_INVALID_ROUTE_PREFIX */
export function checkRoutePrefix(prefix: unknown): string | null {
  if (prefix === null || prefix === '/') return prefix;
  if (typeof prefix === 'string' && PREFIX.test(prefix) && !NEVER_SENT.test(prefix)) return new URL(prefix, 'http://h').pathname;
  throw InvalidRoutePrefix({ prefix: shownValue(prefix) });
}

/** Checks a prefix that must not be null. @throws NBS_INVALID_ROUTE_PREFIX */
export function requiredPrefix(prefix: unknown): string {
  return checkRoutePrefix(prefix ?? '') as string;
}
