/** The control thread: iopub, control and heartbeat sockets, interrupts, the parent watch. It never runs user code. */
import { writeSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { OutputOrder, PipeReaders } from '../descriptors/index.js';
import {
  bindPublisher,
  bindRouter,
  Encoder,
  logTo,
  logToStderr,
  Receiver,
  removeSocketFiles,
  Sender,
  Signer,
} from '../wire/index.js';
import { ControlChannel } from './control-channel.js';
import { Interrupter } from './interrupter.js';
import { Iopub } from './iopub.js';
import { type ControlInit, type FromControl, type Printed, type ToControl, UNSENT } from './messages.js';
import { watchParent } from './parent-watch.js';
import { terminateMain } from './terminate.js';

/** How long the main thread has for an orderly end. Jupyter loses patience after 2.5 s and signals. */
const END_MS = 2200;

if (!parentPort) throw new Error('the control thread is started by the kernel');
const port = parentPort;
const init = workerData as ControlInit;
const shared = new Int32Array(init.shared);
logTo(init.descriptors.originals[1] as number);
const send = (message: FromControl): void => port.postMessage(message);

function killSelf(): void {
  removeSocketFiles(init.connection);
  process.kill(process.pid, 'SIGKILL');
}

/** Lets the main thread print on. */
function taken(units: number): void {
  Atomics.sub(shared, UNSENT, units);
  Atomics.notify(shared, UNSENT);
}

const interrupter = new Interrupter({
  shared,
  ping: (id) => send({ kind: 'ping', id }),
  terminate: () => terminateMain(shared),
  interrupted: () => send({ kind: 'interrupted' }),
});

/** Asks the main thread to end; terminates what blocks it; at the deadline ends the process from here. */
function end(restart: boolean): void {
  setTimeout(killSelf, END_MS).unref();
  send({ kind: 'shutdown', restart });
  void interrupter.interrupt();
}

/** To where this process's output went before the cells got it. */
function logText(name: 'stdout' | 'stderr', text: string): void {
  try {
    writeSync(init.descriptors.originals[name === 'stdout' ? 0 : 1] as number, text);
  } catch {
    // Nobody reads it.
  }
}

/** Sockets to be closed where the start fails: the process cannot end in order with one open. */
const opened: { close(): void }[] = [];

async function main(): Promise<void> {
  const { connection } = init;
  const signer = new Signer(connection);
  const encoder = new Encoder(signer, init.session);
  const publisher = await bindPublisher(connection, opened);
  const control = await bindRouter(connection, 'control', opened);
  const heartbeat = await bindRouter(connection, 'hb', opened);
  const iopub = new Iopub(publisher, encoder);
  const beats = new Sender(heartbeat);
  new Receiver(heartbeat, (frames) => beats.send(frames));
  const controlChannel = new ControlChannel(control, signer, encoder, {
    info: init.info,
    interrupt: () => interrupter.interrupt(),
    shutdown: end,
    status: (state, parent) => iopub.status(state, parent),
    publishShutdown: (content, parent) => iopub.publish('shutdown_reply', content, parent),
  });
  /** Header (JSON) of the cell that began last: it owns what comes through the descriptors. */
  let cell = '';
  const deliver = (printed: Printed): void => {
    switch (printed.kind) {
      case 'stream':
        iopub.stream(printed);
        taken(printed.text.length);
        break;
      case 'publish':
        iopub.publish(printed.type, printed.content, printed.parent);
        taken(printed.content.length);
        break;
      case 'cell':
        cell = printed.parent;
        break;
    }
  };
  const order = new OutputOrder<Printed>(init.descriptors.secret, {
    // Before the first cell, they are the kernel's own.
    text: (name, text) => (cell === '' ? logText(name, text) : iopub.stream({ name, text, parent: cell })),
    message: deliver,
  });
  const pipes = new PipeReaders(init.descriptors.readFds, order);
  port.on('message', (message: ToControl) => {
    switch (message.kind) {
      case 'stream':
      case 'publish':
      case 'cell':
        order.message(message.mark.number, message.mark.marked, message);
        break;
      case 'pong':
        interrupter.onPong(message.id);
        break;
      case 'ending':
        setTimeout(killSelf, END_MS).unref();
        break;
      case 'close':
        interrupter.stop();
        pipes.finish();
        void Promise.all([iopub, controlChannel, beats].map((channel) => channel.close())).then(() => port.close());
        break;
    }
  });
  watchParent(init.parentPid, () => {
    logToStderr('the process that started this kernel is gone; ending');
    end(false);
  });
  send({ kind: 'bound' });
  iopub.status('starting', '');
}

main().catch((error: unknown) => {
  send({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
  for (const socket of opened) socket.close();
  port.close();
});
