import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { pathToFileURL } from 'node:url';
import { addToEnv, debugSocket, saidFolder, shareWhatIsSaid } from '../../core/index.js';
import { enterChild } from '../../engine/index.js';
import { type ChannelServer, formatPlace, helloOf, type ListenOptions, listen, readNodeFile } from '../../ipc/index.js';
import { REQUEST_KINDS, type ReplicaArgs } from '../protocol/index.js';
import { NoWorkingDir } from './errors.js';
import { watchFaults } from './faults.js';
import type { Rpcs } from './grpc-task.js';
import { markOutput } from './marked-output.js';
import { Replica } from './replica.js';

const PRELOAD_AFTER_MS = 100;
const PRELOAD_NEXT_AFTER_MS = 1000;

const child = enterChild<ReplicaArgs>();
const { dir, token } = child;
const { replicaId, socketPath, preload = [] } = child.args;
/** Absent if the cluster is on one machine. */
const machine = readNodeFile(dir);
markOutput();
const faults = watchFaults(child);
let rpcs: Promise<Rpcs> | null = null;
let preloading: Promise<unknown> = Promise.resolve();

const replica = new Replica({
  id: replicaId,
  place: socketPath,
  // This is loaded after the socket listens, because it loads the web classes and the code room.
  load: async (given) => {
    const { surroundings } = given;
    const { workingDir, npm } = given.config.runtimeEnv ?? {};
    const isElsewhere = machine?.controller !== undefined;
    if (isElsewhere && workingDir !== undefined && !existsSync(workingDir))
      throw NoWorkingDir({
        deployment: `${given.app}/${given.deployment}`,
        folder: workingDir,
        node: machine.node,
        host: machine.host,
      });
    // The controller has installed them on its own machine.
    const isMissing = isElsewhere && npm !== undefined;
    const init = isMissing
      ? { ...given, packages: await (await import('../environments/index.js')).installPackages(npm) }
      : given;
    // Each worker of a pool is a deployment of its own; they have the same code.
    shareWhatIsSaid(saidFolder(dir), JSON.stringify(init.code));
    addToEnv(surroundings.env);
    // The folder of the user's code may exist on the head's machine only.
    if (!isElsewhere || existsSync(surroundings.cwd)) process.chdir(surroundings.cwd);
    const { loadInstance } = await import('./load-instance.js');
    // If user code requires a module that is being imported, Node fails with ERR_INTERNAL_ASSERTION.
    await preloading;
    return loadInstance(init, { dir, token, hello: helloOf('replica', init.replicaId) });
  },
  onStuck: (error) => child.exit('STUCK', error),
  describe: child.describe,
  blockLimit: child.blockLimit,
  debug: () => child.debugAt(debugSocket(dir, replica.id)),
  grpc: () => {
    rpcs ??= import('./grpc-task.js')
      .then(({ Rpcs }) => new Rpcs(dir))
      .catch((error: unknown) => {
        // The next call tries again.
        rpcs = null;
        throw error;
      });
    return rpcs;
  },
});

const servers: ChannelServer[] = [];
child.onStop(async () => {
  faults.stopping();
  await replica.stop();
  // The last answers have been written, and leave the process when the channels are closed.
  await Promise.all(servers.map((server) => server.close()));
});

const options: ListenOptions = {
  token,
  kinds: REQUEST_KINDS,
  // This is read at each connection, because a spare process gets its name late.
  get hello() {
    return helloOf('replica', replica.id);
  },
  onChannel: (channel) => {
    channel.onCall = replica.onCall;
  },
};
try {
  servers.push(await listen({ path: socketPath }, options));
  if (machine !== undefined) {
    const { node, host, name: peerName } = machine;
    const server = await listen({ host, port: 0, tls: machine }, { ...options, renewed: () => readNodeFile(dir) });
    servers.push(server);
    const { port } = server.address as { readonly port: number };
    replica.place = formatPlace({ node, host, port, peerName, socket: basename(socketPath) });
  }
} catch (error) {
  child.exit('CANNOT_LISTEN', error);
}
child.ready(machine === undefined ? undefined : replica.place);
// This is loaded before the controller's `initialize` arrives.
setImmediate(() => void import('./load-instance.js'));
// These wait, so that a spare process that is needed at once is not delayed. What fewer deployments need comes later.
for (const [i, path] of preload.entries()) {
  setTimeout(
    () => {
      if (replica.isEmpty) preloading = Promise.allSettled([preloading, import(pathToFileURL(path).href)]);
    },
    PRELOAD_AFTER_MS + i * PRELOAD_NEXT_AFTER_MS,
  );
}
