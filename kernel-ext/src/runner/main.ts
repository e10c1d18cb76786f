/** The runner's process: executes the cells that its parent sends. `node main.js '<json of RunnerStart>'` */

import { afterArrivals } from '../control/index.js';
import { Captures } from '../descriptors/index.js';
import { createSession, nameOwner } from '../session/index.js';
import { BegunWork } from './begun-work.js';
import { CellEvents } from './cell-events.js';
import { EventChannel } from './event-channel.js';
import { Lifeline } from './lifeline.js';
import type { Order, RunnerStart } from './protocol.js';

const { folder, owner, notebook, secret } = JSON.parse(process.argv[2] ?? '') as RunnerStart;
const exit = process.exit.bind(process);
const channel = new EventChannel(secret);
const work = new BegunWork();
const captures = new Captures<number>();

process.chdir(folder);
nameOwner({ key: owner, name: `nbserve execute ${notebook}` });
// The parent gets these signals too, and decides what happens.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

const lifeline = new Lifeline({
  onOrder: (order) => void obey(order),
  onInterrupt: () => {
    session.interrupt();
    work.stop();
  },
  onInterrupted: (terminated) => channel.tell({ kind: 'interrupted', terminated }),
});
const session = createSession({ folder, leadsGroup: true, uninterruptible: lifeline.uninterruptible, turn: afterArrivals });

let last: CellEvents | undefined;

/** The most memory that this process has had. */
const peakBytes = (): number => process.resourceUsage().maxRSS * 1024;

const tellUncaught = (error: unknown): void =>
  void (process as NodeJS.EventEmitter).emit('uncaughtException', error, 'uncaughtException');

/** Runs listeners of the cells. If one throws, the error is told. */
function told(work: () => void): void {
  try {
    work();
  } catch (error) {
    tellUncaught(error);
  }
}

async function obey(order: Order): Promise<void> {
  switch (order.kind) {
    case 'cell': {
      const { cell, code } = order;
      const output = new CellEvents(channel, cell, captures);
      last = output;
      channel.tell({ kind: 'began', cell, peakBytes: peakBytes() });
      const outcome = await session.execute(code, { executionCount: cell, silent: false, output });
      output.tellExitCode();
      captures.end(cell);
      channel.tell({ kind: 'outcome', cell, outcome, peakBytes: peakBytes() });
      break;
    }
    case 'settle': {
      const left = await work.done(() => told(() => process.emit('beforeExit', 0)));
      last?.tellExitCode();
      channel.tell({ kind: 'settled', left, peakBytes: peakBytes() });
      break;
    }
    case 'end': {
      const failure = await session.dispose().then(
        () => undefined,
        (error: unknown) => ({ error }),
      );
      // What the end of the cluster has broken off is no failure.
      channel.tell({ kind: 'exiting' });
      if (failure !== undefined) tellUncaught(failure.error);
      // The listeners of `exit` run, and may set the exit code. If one throws, the process has not ended.
      told(() => exit(0));
      exit(0);
      break;
    }
    case 'captured':
      captures.got(order);
      break;
    case 'interrupt':
      break;
  }
}

await session.warm();
channel.tell({ kind: 'ready' });
