import { rm } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  blobFolder,
  checkpointFile,
  controllerSocket,
  createLog,
  expectedFile,
  listGpus,
  systemClock,
} from '../../core/index.js';
import { connectEngine, type Engine, enterChild, listLocalClusters } from '../../engine/index.js';
import { helloOf, type ListenOptions, listen, readNodeFile } from '../../ipc/index.js';
import { Environments } from '../environments/index.js';
import { controllerApi } from './api.js';
import { Controller } from './controller.js';
import { listenToDemand } from './listen-to-demand.js';
import { controlConnector } from './replicas/index.js';
import { Routers } from './routers.js';
import { ExpectedFile, RouteFeeds } from './routes/index.js';
import { BlobCollector, BlobStore, FileCheckpoint } from './target/index.js';

/** JSON argument of the controller's process. */
interface ControllerArgs {
  /** Entry file of replicas instead of the usual one; for tests. */
  readonly replicaMain?: string;
  /** Whether the cluster has more nodes than one. */
  readonly severalNodes?: boolean;
  readonly spareReplicas?: number;
  /** Whether the driver has made an ingress, so that it will probably deploy one. */
  readonly ingress?: boolean;
}

const child = enterChild<ControllerArgs | null>();
const { dir, token } = child;
const log = createLog('controller');
const blobs = new BlobStore(blobFolder(dir));
blobs.removeUnfinished();
const collector = new BlobCollector({ blobs, clock: systemClock, log });
const engine: Promise<Engine> = connectEngine(dir, token);

const feeds = new RouteFeeds(systemClock, async () => (await (await engine).list()).some(({ role }) => role === 'proxy'));

const routers = new Routers();

async function recover(): Promise<Controller> {
  const controller = new Controller({
    dir,
    replicaMain: child.args?.replicaMain ?? fileURLToPath(new URL('../replica/main.js', import.meta.url)),
    spareReplicas: child.args?.spareReplicas ?? 0,
    // The files that a user's `import … from 'nbserve'` loads.
    preload: [
      fileURLToPath(new URL('../../index.js', import.meta.url)),
      ...(child.args?.ingress === true ? [fileURLToPath(new URL('../../ingress/app/index.js', import.meta.url))] : []),
    ],
    engine: await engine,
    packages: new Environments({ clock: systemClock, log }),
    severalNodes: child.args?.severalNodes ?? false,
    connectControl: controlConnector(dir, token),
    // The socket of a replica on another machine goes with its node.
    removeSocket: (path) => (isAbsolute(path) ? rm(path, { force: true }).catch(() => {}) : Promise.resolve()),
    checkpoint: new FileCheckpoint(checkpointFile(dir), blobs, (hashes) => collector.named(hashes)),
    expected: new ExpectedFile(expectedFile(dir)),
    clock: systemClock,
    log,
    gpus: async () => (await listGpus()) ?? [],
    addresses: () => {
      const { url = '', grpc = '' } = listLocalClusters().find((cluster) => cluster.dir === dir) ?? {};
      return { url, grpc };
    },
    publish: (snapshot) => feeds.publish(snapshot),
    proxiesKnow: () => feeds.proxiesKnow(),
    proxiesKnowSoon: () => feeds.proxiesKnowSoon(),
    isAwaited: (replica) => routers.isAwaited(replica),
  });
  await controller.recover();
  return controller;
}

const recovered = recover();
recovered.catch((error: unknown) => child.exit('CRASHED', error));
const api = controllerApi(blobs, recovered);

const options: ListenOptions = {
  token,
  hello: helloOf('controller', 'controller'),
  onChannel(channel) {
    channel.onCall = api;
    feeds.attach(channel);
    routers.attach(channel);
    listenToDemand(channel, recovered);
  },
};
const listening = [listen({ path: controllerSocket(dir) }, options)];
// The agent's socket for processes of other machines.
const [fd] = child.listenFds;
const machine = fd === undefined ? undefined : readNodeFile(dir);
if (fd !== undefined && machine !== undefined)
  listening.push(listen({ host: machine.host, port: 0, tls: machine }, { ...options, fd, renewed: () => readNodeFile(dir) }));
Promise.all(listening).then(
  () => child.ready(),
  (error: unknown) => child.exit('CANNOT_LISTEN', error),
);
