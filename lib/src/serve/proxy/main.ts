import { enterChild } from '../../engine/index.js';
import { helloOf } from '../../ipc/index.js';
import { TRAFFIC_TOPIC } from '../protocol/index.js';
import { openRouter } from '../router/index.js';
import { HttpProxy } from './http-proxy.js';

/** JSON argument of the proxy's process. */
export interface ProxyArgs {
  readonly dir: string;
  /** Address that the agent's listening socket is bound to. */
  readonly host: string;
  readonly port: number;
  readonly allowedHosts?: readonly string[];
  readonly allowedOrigins?: readonly string[];
  /** The same as in `ProxyOptions`. */
  readonly bodyIdleMs?: number;
}

const child = enterChild<ProxyArgs>();
const { host, allowedHosts = [], allowedOrigins = [], bodyIdleMs = 30_000 } = child.args;
const router = openRouter({ dir: child.dir, token: child.token, hello: helloOf('proxy', child.id) });
const proxy = new HttpProxy({
  router,
  token: child.token,
  host,
  allowedHosts,
  allowedOrigins,
  bodyIdleMs,
  sendTraffic: (report) => router.tell(TRAFFIC_TOPIC, report),
});

child.onStop(async () => {
  await proxy.close();
  router.close();
});

const { server } = proxy;
server.once('error', (error) => child.exit('CANNOT_LISTEN', error));
server.listen({ fd: child.listenFd ?? child.exit('BAD_ARGUMENTS') }, () => child.ready());
