import { enterChild } from '../../engine/index.js';
import type { TlsFiles } from '../../grpc/index.js';
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
  /** Paths of a certificate and its private key. */
  readonly https?: TlsFiles;
  /** The same as in `ProxyOptions`. */
  readonly bodyIdleMs?: number;
}

const child = enterChild<ProxyArgs>();
const { host, allowedHosts = [], allowedOrigins = [], bodyIdleMs = 30_000, https } = child.args;
const router = openRouter({ dir: child.dir, token: child.token, hello: helloOf('proxy', child.id) });
const proxy = new HttpProxy({
  router,
  token: child.token,
  host,
  allowedHosts,
  allowedOrigins,
  bodyIdleMs,
  ...(https && { tls: (await import('../../grpc/index.js')).readTlsFiles(https) }),
  sendTraffic: (report) => router.tell(TRAFFIC_TOPIC, report),
});

const { server } = proxy;
server.once('error', (error) => child.exit('CANNOT_LISTEN', error));
const [httpFd = child.exit('BAD_ARGUMENTS'), grpcFd] = child.listenFds;
const listening = new Promise<void>((resolve) => server.listen({ fd: httpFd }, resolve));
const { dir, token } = child;
const grpc =
  grpcFd === undefined
    ? null
    : import('./open-grpc.js').then(({ openGrpc }) =>
        openGrpc({ dir, token, router, failures: proxy.failures, splits: proxy.splits, fd: grpcFd }),
      );
child.onStop(async () => {
  await Promise.all([proxy.close(), grpc?.then((opened) => opened.close())]);
  router.close();
});

await Promise.all([listening, grpc]).catch((error: unknown) => child.exit('CANNOT_LISTEN', error));
child.ready();
