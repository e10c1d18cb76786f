/** The watchdog's thread: a timer, and the interrupt that also ends a main thread that does not answer. */
import { parentPort, workerData } from 'node:worker_threads';
import { Interrupter, terminateMain } from '../control/index.js';
import type { FromWatchdog, ToWatchdog } from './watchdog.js';

const shared = new Int32Array((workerData as { shared: SharedArrayBuffer }).shared);
const tell = (message: FromWatchdog): void => parentPort?.postMessage(message);

const interrupter = new Interrupter({
  shared,
  ping: (id) => tell({ kind: 'ping', id }),
  terminate: () => terminateMain(shared),
  interrupted: () => tell({ kind: 'interrupted' }),
});

let timer: NodeJS.Timeout | undefined;
let interrupting: Promise<void> = Promise.resolve();

parentPort?.on('message', (message: ToWatchdog) => {
  switch (message.kind) {
    case 'arm':
      timer = setTimeout(() => {
        interrupting = interrupter.interrupt();
      }, message.timeoutMs);
      break;
    case 'disarm':
      clearTimeout(timer);
      void interrupting.then(() => tell({ kind: 'disarmed' }));
      break;
    case 'pong':
      interrupter.onPong(message.id);
      break;
  }
});
