import { networkInterfaces } from 'node:os';
import { isLoopback } from '../../core/index.js';
import type { MachineOptions, RayOptions } from '../engine.js';
import { RayLoopback } from './errors.js';
import { RayApi } from './ray-api.js';

/** How the agent of a cluster is to take the nodes of a Ray cluster. */
interface OnRay extends Omit<RayOptions, 'address'> {
  /** The address of Ray's dashboard. */
  readonly address: string;
  /** The address of this machine at which Ray's nodes reach it. @default the one from which this machine reaches Ray */
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly tls?: MachineOptions['tls'];
}

/** Checks that Ray answers, and finds the address of this machine. @throws NBS_RAY_UNREACHABLE, NBS_RAY_REFUSED, NBS_RAY_LOOPBACK */
export async function machinesOnRay({ host, port = 0, tls, ...ray }: OnRay): Promise<MachineOptions> {
  const api = new RayApi(ray.address);
  try {
    const nodes = await api.nodes();
    const own = host ?? api.localAddress.replace(/^::ffff:/, '');
    const far = isLoopback(own) ? nodes.find(({ ip }) => !isHere(ip)) : undefined;
    if (far !== undefined) throw RayLoopback({ host: own, node: far.ip });
    return { host: own, port, ...(tls && { tls }), ray };
  } finally {
    api.close();
  }
}

/** Ray on one machine gives its node the address of a network card. */
function isHere(ip: string): boolean {
  const all = Object.values(networkInterfaces()).flatMap((addresses = []) => addresses.map(({ address }) => address));
  return isLoopback(ip) || all.includes(ip);
}
