/** The lifeline's thread. It never runs user code. */
import { Socket } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { CellChildren, send } from '../children/index.js';
import { Interrupter, terminateMain } from '../control/index.js';
import type { FromLifeline, ToLifeline } from './lifeline.js';
import { JsonLines } from './lines.js';
import { ORDERS_FD, type Order } from './protocol.js';

const shared = new Int32Array((workerData as { shared: SharedArrayBuffer }).shared);
const tell = (message: FromLifeline): void => parentPort?.postMessage(message);

const interrupter = new Interrupter({
  shared,
  ping: (id) => tell({ kind: 'ping', id }),
  terminate: async (reach, signal) => {
    const done = terminateMain(shared, reach, signal);
    // Not before: the main thread may wait for a child, and must not continue the cell's code when that one has ended.
    signalChildren();
    const hasEnded = await done;
    terminated ||= hasEnded;
    return hasEnded;
  },
  interrupted: () => tell({ kind: 'interrupt' }),
});

parentPort?.on('message', ({ id }: ToLifeline) => interrupter.onPong(id));

const children = new CellChildren();
/** Sends the signal of the running interrupt to the children that the cell had when it came. The next cell may begin before that. */
let signalChildren = (): void => {};
/** Whether code was terminated for the running interrupt. */
let terminated = false;

/** Ends the process and its group. The processes that its cells have started are in the group, except those that left it. */
function endAll(): void {
  try {
    process.kill(-process.pid, 'SIGKILL');
  } catch {
    process.kill(process.pid, 'SIGKILL');
  }
}

async function interrupt(signal: NodeJS.Signals): Promise<void> {
  // Not the whole group, because the type checker's process is in it too.
  const pids = children.list();
  terminated = false;
  signalChildren = () => {
    signalChildren = () => {};
    for (const pid of pids) send(pid, signal);
  };
  await interrupter.interrupt();
  signalChildren();
  tell({ kind: 'interrupted', terminated });
}

const orders = new JsonLines<Order>((order) => {
  if (order.kind === 'interrupt') {
    void interrupt(order.signal);
    return;
  }
  if (order.kind === 'cell') children.begin();
  tell({ kind: 'order', order });
});

const parent = new Socket({ fd: ORDERS_FD, readable: true, writable: false });
parent.on('data', (chunk) => orders.push(chunk));
parent.on('error', endAll);
parent.on('close', endAll);
