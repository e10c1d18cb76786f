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

function onlyApplication(snapshot: RouteSnapshot | null, rpc: Rpc): string {
  const names = Object.keys(snapshot?.ingresses ?? {});
  const [only] = names;
  if (only !== undefined && names.length === 1) return only;
  const found =
    snapshot?.routes.find(({ prefix }) => prefix === '/')?.app ??
    (snapshot === null || rpc.own === true ? null : answering(snapshot, rpc));
  if (found !== null) return found;
  // Perhaps the call is meant for one that is being started.
  if (snapshot?.rising !== undefined) throw AppStarting({ which: 'that would answer this call' });
  throw ApplicationUnnamed();
}

/** Whether the first version of an application is being started. */
export const isRising = (snapshot: RouteSnapshot | null, app: string): boolean =>
  snapshot?.rising?.some((rising) => rising.app === app) === true;

/** The applications that answer each RPC alone. A snapshot does not change, so they are looked for once. */
const known = new WeakMap<RouteSnapshot, Map<string, string | null>>();

function answering(snapshot: RouteSnapshot, rpc: Rpc): string | null {
  const found = known.get(snapshot) ?? new Map<string, string | null>();
  known.set(snapshot, found);
  let app = found.get(rpc.path);
  if (app === undefined) {
    const names = methodNames(rpc.name);
    const apps = Object.entries(snapshot.ingresses).filter(([name, deployment]) =>
      snapshot.deployments[deploymentKey(name, deployment)]?.methods.some((method) => names.includes(method)),
    );
    app = apps.length === 1 ? (apps[0]?.[0] ?? null) : null;
    found.set(rpc.path, app);
  }
  return app;
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
