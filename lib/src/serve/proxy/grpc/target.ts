import { GENERIC_SERVICE, type Rpc } from '../../../grpc/index.js';
import {
  AppStarting,
  type DeploymentRoute,
  deploymentKey,
  NoRpcMethod,
  NoSuchDeployment,
  type Route,
  type RouteSnapshot,
} from '../../protocol/index.js';
import { ApplicationUnnamed, NoApplication } from './errors.js';

/** What a call reaches. */
export interface Target {
  readonly app: string;
  readonly deployment: string;
  readonly method: string;
  /** Present if no replica has run yet: the first one chooses the method. */
  readonly candidates?: readonly string[];
}

/**
 * Finds the ingress deployment of an application, and the method that an RPC calls: the one of the same name, else of the same name with a small first
 * letter.
 * @param first the first message, in which the generic service names the method
 * @throws NBS_APP_STARTING, NBS_NO_APPLICATION, NBS_NO_RPC_METHOD
 */
export function findTarget(snapshot: RouteSnapshot | null, app: string, rpc: Rpc, first: Buffer | null): Target {
  const deployment = snapshot !== null && Object.hasOwn(snapshot.ingresses, app) ? snapshot.ingresses[app] : undefined;
  if (deployment === undefined) {
    if (isRising(snapshot, app)) throw AppStarting({ which: app });
    throw NoApplication({ application: app });
  }
  const route = snapshot?.deployments[deploymentKey(app, deployment)];
  if (route === undefined) throw NoSuchDeployment({ deployment: deploymentKey(app, deployment), running: 'none' });
  const isGeneric = rpc.own === true && rpc.service === GENERIC_SERVICE;
  const name = isGeneric ? methodNamed(first) : rpc.name;
  const names = isGeneric ? [name] : methodNames(name);
  if (route.methods === null) {
    const { idempotent } = route;
    const likely = idempotent === true ? name : (names.find((each) => idempotent.includes(each)) ?? name);
    return { app, deployment, method: likely, ...(isGeneric ? {} : { candidates: names }) };
  }
  const method = methodIn(route, names, isGeneric);
  if (method === undefined) throw NoRpcMethod({ method: names.join(' or ').slice(0, 200), rpc: rpc.path });
  return { app, deployment, method };
}

/** What is told of an application that is being started if the client has not named it. */
export const ANY_STARTING = { which: 'that would answer this call' };

/**
 * The application that answers an RPC whose caller names none: the only one that runs, else the one at the route `/` if it has a method for the RPC, else
 * the only one that has. If none is found by this, the same once more with those that may have one, because no replica of them has run yet.
 * @throws NBS_APP_STARTING, NBS_APPLICATION_UNNAMED
 */
export function applicationFor(snapshot: RouteSnapshot | null, rpc: Rpc): string {
  const names = Object.keys(snapshot?.ingresses ?? {});
  const [only] = names;
  if (only !== undefined && names.length === 1) return only;
  const root = snapshot === null ? undefined : rootOf(snapshot);
  // Each application answers the services of nbserve's own.
  if (root !== undefined && rpc.own === true) return root.app;
  const versions = snapshot === null || root === undefined ? [] : versionsBehind(snapshot, root);
  if (root !== undefined && versions.some((version) => methodIn(version, methodNames(rpc.name), false) !== undefined))
    return root.app;
  const { having, unknown } = snapshot === null || rpc.own === true ? { having: names, unknown: [] } : answering(snapshot, rpc);
  if (having.length === 1) return having[0] as string;
  if (root !== undefined && versions.some(({ methods }) => methods === null)) return root.app;
  const apps = having.length > 0 ? having : unknown;
  const [first] = apps;
  if (first !== undefined && apps.length === 1) return first;
  // Perhaps the call is meant for one that is being started.
  if (first === undefined && snapshot?.rising !== undefined) throw AppStarting(ANY_STARTING);
  if (first === undefined && root !== undefined) return root.app;
  throw ApplicationUnnamed();
}

/** Whether this is the application at the route `/`, whose traffic may be split. */
export const isRoot = (snapshot: RouteSnapshot | null, app: string): boolean =>
  snapshot !== null && rootOf(snapshot)?.app === app;

const rootOf = ({ routes }: RouteSnapshot): Route | undefined => routes.find(({ prefix }) => prefix === '/');

/** The versions behind a route that get calls. */
function versionsBehind({ deployments }: RouteSnapshot, route: Route): readonly DeploymentRoute[] {
  const versions = route.split === undefined ? [route] : route.split.arms.filter(({ weight }) => weight > 0);
  return versions.flatMap(({ app, deployment }) => deployments[deploymentKey(app, deployment)] ?? []);
}

/** Whether the first version of an application is being started. */
export const isRising = (snapshot: RouteSnapshot | null, app: string): boolean =>
  snapshot?.rising?.some((rising) => rising.app === app) === true;

interface Answering {
  /** The applications that have a method for the RPC. */
  readonly having: readonly string[];
  /** Those of which that is not known, because no replica has run yet. */
  readonly unknown: readonly string[];
}

/** A snapshot does not change, so the applications that answer an RPC are looked for once. */
const known = new WeakMap<RouteSnapshot, Map<string, Answering>>();

function answering(snapshot: RouteSnapshot, rpc: Rpc): Answering {
  const found = known.get(snapshot) ?? new Map<string, Answering>();
  known.set(snapshot, found);
  let apps = found.get(rpc.path);
  if (apps === undefined) {
    const names = methodNames(rpc.name);
    const methodsOf = (app: string): readonly string[] | null | undefined =>
      snapshot.deployments[deploymentKey(app, snapshot.ingresses[app] as string)]?.methods;
    const all = Object.keys(snapshot.ingresses);
    apps = {
      having: all.filter((app) => methodsOf(app)?.some((method) => names.includes(method))),
      unknown: all.filter((app) => methodsOf(app) === null),
    };
    found.set(rpc.path, apps);
  }
  return apps;
}

const methodNames = (name: string): readonly string[] => [name, name.slice(0, 1).toLowerCase() + name.slice(1)];

/** A deployment that is a function answers every RPC of the user's services. */
function methodIn({ methods, isFunction }: DeploymentRoute, names: readonly string[], isGeneric: boolean): string | undefined {
  return isFunction === true && !isGeneric ? 'call' : names.find((each) => methods?.includes(each));
}

const METHOD_TAG = 10;

/**
 * The field `method` of a `nbserve.v1.CallRequest`: number 1, a text. All others are left to the replica, so that the proxy does not spend its time
 * on the messages. `''` if the bytes are not such a message; the replica says what is wrong with them.
 */
function methodNamed(message: Buffer | null): string {
  let at = 0;
  let name = '';
  const bytes = message ?? Buffer.alloc(0);
  const varint = (): number => {
    let value = 0;
    for (let shift = 1; at < bytes.length; shift *= 128) {
      const byte = bytes[at] as number;
      at += 1;
      value += (byte % 128) * shift;
      if (byte < 128) return value;
    }
    return Number.NaN;
  };
  while (at < bytes.length) {
    const tag = varint();
    // All fields of the message have a length.
    if (tag % 8 !== 2) return name;
    const length = varint();
    if (!(length <= bytes.length - at)) return name;
    if (tag === METHOD_TAG) name = bytes.toString('utf8', at, at + length);
    at += length;
  }
  return name;
}
