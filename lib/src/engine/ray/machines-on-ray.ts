import type { MachineOptions, RayOptions } from '../engine.js';
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

/** Checks that Ray answers, and finds the address of this machine. @throws NBS_RAY_UNREACHABLE, NBS_RAY_REFUSED */
export async function machinesOnRay({ host, port = 0, tls, ...ray }: OnRay): Promise<MachineOptions> {
  const api = new RayApi(ray.address);
  try {
    await api.nodes();
    return { host: host ?? api.localAddress.replace(/^::ffff:/, ''), port, ...(tls && { tls }), ray };
  } finally {
    api.close();
  }
}
