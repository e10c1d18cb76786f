/** The control thread: it has the kernel's sockets, interrupts the main thread, and watches the parent. It never runs user code. */
import { writeSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { CellChildren, processTable, send as signal } from '../children/index.js';
import { DebugAdapter } from '../debugger/index.js';
import {
  bindPublisher,
  bindRouter,
  boundPorts,
  Decoder,
  Encoder,
  logTo,
  logToStderr,
  Receiver,
  ReplayGuard,
  removeSocketFiles,
  Sender,
  Signer,
} from '../wire/index.js';
import { interruptChildren } from './child-signals.js';
import { ControlChannel } from './control-channel.js';
import { Evaluation } from './evaluation.js';
import { Interrupter } from './interrupter.js';
import { Iopub } from './iopub.js';
import { endWithout } from './lost-thread.js';
import { CHECKER, type ControlInit, DEBUGGED, type FromControl, INTERRUPTS, TOLD, type ToControl, UNSENT } from './messages.js';
import { watchParent } from './parent-watch.js';
import { renewedPatience } from './patience.js';
import { printedOutput } from './printed-output.js';
import { reap } from './reaper.js';
import { FLUSH_MS, type Legacy, replaceProgram, stuckText, tellReplaced } from './replacement.js';
import { RunningCells } from './running-cells.js';
import { ShellRelay } from './shell-relay.js';
import { StdinRelay } from './stdin-relay.js';
import { Subshells, unknownSubshell } from './subshells.js';
import { terminateMain } from './terminate.js';
import { STOPPED_UNWIND } from './unwind.js';

/**
 * How long the main thread has to begin its end, and then to end in order. Jupyter sends SIGTERM after 2.5 s, which means the same as the request, and
 * SIGKILL after 5 s.
 */
const END_MS = 2200;
/** A cell and the interrupt that means it come on two sockets, so the interrupt may be this much earlier. */
const ARRIVAL_MS = 50;
/** If the debugger does not release stopped code for so long, the children of the cell get their signal nevertheless. */
const RELEASE_MS = 200;
/** How many signatures of messages are remembered. */
const REMEMBERED = 1 << 16;
/** How long a new program waits for the clients of the one that it has replaced. */
const RECONNECT_MS = 2000;

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

/** Counts output as taken, so that the main thread may print more. */
function taken(units: number): void {
  Atomics.sub(shared, UNSENT, units);
  Atomics.notify(shared, UNSENT);
}

const children = new CellChildren();
const cells = new RunningCells();
const evaluation = new Evaluation(shared);
/** The header of the running cell, as JSON. */
const running = (): string | undefined => cells.last;
let ending = false;
/** True while an interrupt waits for the main thread. */
let blocked = false;
/** When the last interrupt came. */
let interruptedAt = 0;

/** Writes to the descriptors that this process had before they were replaced for the cells. */
function logText(name: 'stdout' | 'stderr', text: string): void {
  try {
    writeSync(init.descriptors.originals[name === 'stdout' ? 0 : 1] as number, text);
  } catch {
    // Nobody reads the log.
  }
}

/** The sockets to close if the start fails, because the process cannot end in order while one is open. */
const opened: { close(): void }[] = [];

async function main(): Promise<void> {
  const { connection } = init;
  const signer = new Signer(connection);
  const encoder = new Encoder(signer, init.session);
  // One for all channels, so that a message which was recorded on one of them is not accepted on another.
  const decoder = new Decoder(
    signer,
    new ReplayGuard(REMEMBERED, init.seenFile === '' ? undefined : init.seenFile, setImmediate),
    true,
  );
  const publisher = await bindPublisher(connection, opened);
  const controlSocket = await bindRouter(connection, 'control', opened);
  const heartbeat = await bindRouter(connection, 'hb', opened);
  const shellSocket = await bindRouter(connection, 'shell', opened);
  const stdinSocket = await bindRouter(connection, 'stdin', opened);
  const sockets = { iopub: publisher, control: controlSocket, hb: heartbeat, shell: shellSocket, stdin: stdinSocket };
  const ports = boundPorts(connection, sockets, init.connectionFile);
  const iopub = new Iopub(publisher, encoder);
  const legacy = init.legacy === '' ? undefined : (JSON.parse(init.legacy) as Legacy);
  // The clients of the old program connect again. Cells that came meanwhile wait until the clients can get their output.
  if (legacy) await iopub.listened(legacy.subscribers, RECONNECT_MS);
  /** Clients show the last status, whatever request it was about. So the status must be `busy` again while a cell runs. */
  const idle = (parent: string): void => {
    iopub.status('idle', parent);
    const cell = running();
    if (cell !== undefined) iopub.status('busy', cell);
  };
  const beats = new Sender(heartbeat);
  new Receiver(heartbeat, (frames) => beats.send(frames));
  const subshells = new Subshells((subshell) => send({ kind: 'deleted', subshell }));
  const shell = new ShellRelay(shellSocket, decoder, encoder, (request) => {
    const { header, headerJson } = request;
    const isLater = blocked && performance.now() - interruptedAt > ARRIVAL_MS;
    if (subshells.has(header.subshell_id)) return send({ kind: 'request', request, isLater });
    iopub.status('busy', headerJson);
    shell.refuse(request, unknownSubshell(header.subshell_id as string));
    idle(headerJson);
  });
  const stdin = new StdinRelay(stdinSocket, decoder, encoder, (question, value) => send({ kind: 'answer', question, value }));

  const interrupter = new Interrupter({
    shared,
    ping: (id) => send({ kind: 'ping', id }),
    terminate: (reach, signal) => {
      evaluation.terminate();
      // The debugger may just be ending code that stands at a breakpoint. A termination could hit the expression by which it asks, and the code would stand
      // there for ever.
      const signalCells = (): void => signalChildren(children.list());
      // An expression of the debugger may wait for a child, and then the release waits for that.
      const late = setTimeout(signalCells, RELEASE_MS);
      return adapter
        .release()
        .then(() => {
          clearTimeout(late);
          const done = terminateMain(shared, reach, signal);
          // Not before the order: the main thread may wait for one of them, and must not continue the cell's code when that one has ended.
          signalCells();
          return done;
        })
        .finally(() => askAgain());
    },
    release: () => {
      const checker = Atomics.load(shared, CHECKER);
      // The thread that was told asks for a later cell.
      const isTold = Atomics.load(shared, TOLD) === Atomics.load(shared, INTERRUPTS);
      if (checker > 0 && !isTold) signal(checker, 'SIGKILL');
    },
    interrupted: () => {
      Atomics.add(shared, INTERRUPTS, 1);
      send({ kind: 'interrupted' });
      awaited = children.list();
    },
    stuck: (giveUpInMs) => {
      if (!ending) iopub.stream({ name: 'stderr', text: stuckText(giveUpInMs), parent: running() ?? '' });
    },
    giveUp: () => {
      if (!ending) void replace();
    },
  });

  /** The children of the cell when the interrupt came, because the next cell may begin before they get the signal. */
  let awaited: readonly number[] = [];
  let signalled = false;
  /** Sends the signal, once for each interrupt. */
  function signalChildren(pids: readonly number[]): void {
    if (!signalled) interruptChildren(pids, () => blocked);
    signalled = true;
  }

  async function interrupt(): Promise<void> {
    interruptedAt = performance.now();
    if (blocked) return interrupter.interrupt();
    blocked = true;
    brake.hurry(true);
    const handled = interrupter.interrupt();
    // Not before the main thread has its message: a replica that goes on answers the cell, which could then end as if nobody had interrupted it.
    void adapter.release();
    await handled;
    adapter.hold();
    brake.hurry(ending);
    blocked = false;
    signalChildren(awaited);
    signalled = false;
  }

  /** The main thread has a new time to end. */
  const limit = renewedPatience(END_MS, killSelf);

  let askAgain = (): void => {};
  /** Asks the main thread to end, and terminates code that blocks it. At the deadline, it ends the process. */
  function end(restart: boolean): void {
    ending = true;
    limit();
    const shutdown = (): void => send({ kind: 'shutdown', restart });
    shutdown();
    // A termination may hit Node's code that delivers the message.
    askAgain = shutdown;
    // A session of the inspector that stays open would delay the end of the process.
    void adapter.release().then(() => adapter.close());
    void interrupt();
  }

  const adapter = new DebugAdapter({
    event: (event) => iopub.publish('debug_event', JSON.stringify(event), running() ?? ''),
    running: () => cells.all,
    unwind: STOPPED_UNWIND,
    evaluation,
    attached: (which) => {
      Atomics.store(shared, DEBUGGED, which);
      if (which > 0) send({ kind: 'debugged' });
    },
  });
  const controlChannel = new ControlChannel(controlSocket, decoder, encoder, {
    info: init.info,
    interrupt,
    shutdown: end,
    debug: (content) => adapter.handle(content),
    subshell: (type, content) => subshells.answer(type, content),
    busy: (parent) => iopub.status('busy', parent),
    idle,
    publishShutdown: (content, parent) => iopub.publish('shutdown_reply', content, parent),
  });
  /** First iopub, because answers wait for what it sends. */
  const close = (): Promise<unknown> =>
    iopub.close().then(() => Promise.all([controlChannel, beats, shell, stdin].map((channel) => channel.close())));

  /** Replaces the program, because the main thread cannot be interrupted. */
  async function replace(): Promise<void> {
    ending = true;
    interrupter.stop();
    adapter.close(true);
    // First the sockets to which clients send, so that new requests wait for the new program.
    await Promise.all([shell.close(), stdin.close()]);
    await new Promise((resolve) => setTimeout(resolve, FLUSH_MS));
    pipes.finish();
    const { subscribers } = iopub;
    const replies = tellReplaced(shell.open, iopub, cells.all);
    children.signal('SIGKILL');
    await Promise.all([iopub, controlChannel, beats].map((channel) => channel.close()));
    const left = processTable().flatMap(({ pid, parent }) => (parent === process.pid ? pid : []));
    replaceProgram(
      { ...init.restart, originals: init.descriptors.originals },
      { children: left, subscribers, replies },
      killSelf,
    );
  }

  const { order, pipes, brake } = printedOutput({
    init,
    iopub,
    taken,
    logText,
    captured: (captured) => send({ kind: 'captured', ...captured }),
  });
  const take = (message: ToControl): void => {
    switch (message.kind) {
      case 'together':
        message.messages.forEach(take);
        break;
      case 'stream':
      case 'publish':
      case 'cell':
      case 'capture':
        order.message(message.mark.number, message.mark.marked, message);
        break;
      case 'reply':
        iopub.afterOutput(() => shell.reply(message.asker, message.type, message.content));
        cells.end(message.asker.headerJson);
        children.ended(message.asker.headerJson);
        break;
      case 'ask':
        iopub.afterOutput(() =>
          stdin.ask({ id: message.question, asker: message.asker, prompt: message.prompt, password: message.password }),
        );
        break;
      case 'unask':
        // Not before it was asked.
        iopub.whenSent(() => stdin.cancel(message.question));
        break;
      case 'begin':
        // What another cell that still runs has started stays that cell's.
        if (running() === undefined) children.begin(message.at);
        cells.begin(message.parent);
        break;
      case 'spawned':
        children.spawned(message.pid, cells.all.includes(message.cell) ? message.cell : '');
        break;
      case 'prepare':
        void ('cell' in message ? adapter.compiled(message.cell) : adapter.join(message.replicas)).then(() =>
          send({ kind: 'prepared', question: message.question }),
        );
        break;
      case 'pong':
        interrupter.onPong(message.id);
        break;
      case 'signalled':
        void interrupt();
        break;
      case 'ending':
        ending = true;
        askAgain = () => {};
        brake.hurry(true);
        // User code does not block the thread any more, and its own work must not be terminated.
        interrupter.stop();
        adapter.close();
        limit();
        break;
      case 'close':
        interrupter.stop();
        adapter.close();
        pipes.finish();
        void close().then(() => port.close());
        break;
    }
  };
  port.on('message', take);
  watchParent(init.parent, () => {
    logToStderr('the process that started this kernel is gone; ending');
    end(false);
  });
  process.on('uncaughtException', (error) => endWithout(connection, error.stack ?? String(error)));
  send({ kind: 'bound', ports });
  iopub.status('starting', '');
  if (legacy) {
    reap(legacy.children);
    await shell.replyFor(legacy.replies);
  }
}

main().catch((error: unknown) => {
  send({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
  for (const socket of opened) socket.close();
  port.close();
});
