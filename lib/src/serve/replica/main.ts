import { enterChild } from '../../engine/index.js';
import { helloOf, listen } from '../../ipc/index.js';
import type { ReplicaArgs } from '../protocol/index.js';
import { watchFaults } from './faults.js';
import { Replica } from './replica.js';

const child = enterChild<ReplicaArgs>();
const { dir, token } = child;
const { replicaId, socketPath } = child.args;
const hello = helloOf('replica', replicaId);
const faults = watchFaults(child);

const replica = new Replica({
  replicaId,
  // Loaded after the socket listens: it brings the web classes and the code room with it.
  load: async (init) => (await import('./load-instance.js')).loadInstance(init, { dir, token, hello }),
  onStuck: (error) => child.exit('STUCK', error),
});

child.onStop(async () => {
  faults.stopping();
  await replica.stop();
});

try {
  await listen(
    { path: socketPath },
    {
      token,
      hello,
      onChannel: (channel) => {
        channel.onCall = replica.onCall;
      },
    },
  );
} catch (error) {
  child.exit('CANNOT_LISTEN', error);
}
child.ready();
// Ready before the controller's `initialize` comes over.
setImmediate(() => void import('./load-instance.js'));
