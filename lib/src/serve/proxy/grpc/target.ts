import { GENERIC_SERVICE, type Rpc } from '../../../grpc/index.js';
import { AppStarting, deploymentKey, NoSuchDeployment, type RouteSnapshot } from '../../protocol/index.js';
import { ApplicationUnnamed, NoApplication, NoRpcMethod } from './errors.js';

/** What a call reaches. */
export interface Target {
  readonly app: string;
  readonly deployment: string;
  readonly method: string;
}

/**
 * Finds the application, its ingress deployment, and the method that an RPC calls: the one of the same name, else of the same name with a small first
 * letter. An application need not be named if only one runs, if one is at the route `/`, or if only one has a method for the RPC.
 * @param first the first message, in which the generic service names the method
 * @throws NBS_APP_STARTING, NBS_NO_APPLICATION, NBS_APPLICATION_UNNAMED, NBS_NO_RPC_METHOD
 */
export function findTarget(snapshot: RouteSnapshot | null, named: string | undefined, rpc: Rpc, first: Buffer | null): Target {
  const app = named ?? onlyApplication(snapshot, rpc);
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
  const method = names.find((each) => route.methods.includes(each)) ?? onlyFunction(route.methods, isGeneric);
  if (method === undefined) throw NoRpcMethod({ method: names.join(' or ').slice(0, 200), rpc: rpc.path });
  return { app, deployment, method };
}

/** What is told of an application that is being started if the client has not named it. */
export const ANY_STARTING = { which: 'that would answer this call' };

function onlyApplication(snapshot: RouteSnapshot | null, rpc: Rpc): string {
  const names = Object.keys(snapshot?.ingresses ?? {});
  const [only] = names;
  if (only !== undefined && names.length === 1) return only;
  const root = snapshot?.routes.find(({ prefix }) => prefix === '/')?.app;
  if (root !== undefined) return root;
  // Each application answers the services of nbserve's own.
  const apps = snapshot === null || rpc.own === true ? names : answering(snapshot, rpc);
  const [first] = apps;
  if (first !== undefined && apps.length === 1) return first;
  // Perhaps the call is meant for one that is being started.
  if (first === undefined && snapshot?.rising !== undefined) throw AppStarting(ANY_STARTING);
  throw ApplicationUnnamed();
}

/** Whether the first version of an application is being started. */
export const isRising = (snapshot: RouteSnapshot | null, app: string): boolean =>
  snapshot?.rising?.some((rising) => rising.app === app) === true;

/** The applications that answer each RPC. A snapshot does not change, so they are looked for once. */
const known = new WeakMap<RouteSnapshot, Map<string, readonly string[]>>();

function answering(snapshot: RouteSnapshot, rpc: Rpc): readonly string[] {
  const found = known.get(snapshot) ?? new Map<string, readonly string[]>();
  known.set(snapshot, found);
  let apps = found.get(rpc.path);
  if (apps === undefined) {
    const names = methodNames(rpc.name);
    apps = Object.keys(snapshot.ingresses).filter((name) =>
      snapshot.deployments[deploymentKey(name, snapshot.ingresses[name] as string)]?.methods.some((method) =>
        names.includes(method),
      ),
    );
    found.set(rpc.path, apps);
  }
  return apps;
}

const methodNames = (name: string): readonly string[] => [name, name.slice(0, 1).toLowerCase() + name.slice(1)];

/** A deployment that is a function answers every RPC of the user's services. */
const onlyFunction = (methods: readonly string[], isGeneric: boolean): string | undefined =>
  !isGeneric && methods.length === 1 && methods[0] === 'call' ? 'call' : undefined;

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
