import { randomUUID } from 'node:crypto';
import type { Router } from 'zeromq';
import { afterArrivals, ControlThread, inOwnTurn, nextTurn } from '../control/index.js';
import { asTheyAre, type OwnDescriptors } from '../descriptors/index.js';
import type { Session } from '../session/index.js';
import {
  bindRouter,
  type Connection,
  Encoder,
  type Incoming,
  KernelError,
  logToStderr,
  removeSocketFiles,
  Signer,
} from '../wire/index.js';
import { CellRunner } from './cell-runner.js';
import { parentPid } from './env.js';
import { ExecutionQueue } from './execution-queue.js';
import { History } from './history.js';
import { kernelInfo } from './kernel-info.js';
import { guardProcess } from './process-guard.js';
import { SessionHolder } from './session-holder.js';
import { ShellChannel } from './shell-channel.js';
import { StdinChannel } from './stdin.js';

/** How long the session may take to end. */
const DISPOSE_MS = 1500;
/** TypeScript is loaded after this time even where nobody asked for kernel_info. */
const IDLE_LOAD_MS = 400;

export interface KernelOptions {
  readonly connection: Connection;
  /** The descriptors 1 and 2, if they were replaced. */
  readonly descriptors?: OwnDescriptors;
  /** Makes the session; called once, after the kernel can answer. @param uninterruptible for `SessionOptions` */
  createSession(uninterruptible: <T>(work: () => T) => T): Promise<Session>;
}

/** Binds shell and stdin; where that fails, nothing stays open. */
async function bindMain(connection: Connection, control: ControlThread): Promise<[Router, Router]> {
  const opened: { close(): void }[] = [];
  try {
    return [await bindRouter(connection, 'shell', opened), await bindRouter(connection, 'stdin', opened)];
  } catch (error) {
    for (const socket of opened) socket.close();
    await control.close();
    const why = error instanceof Error ? error.message : String(error);
    throw new KernelError('NBS_KERNEL_BIND', `cannot bind the kernel's sockets: ${why}`, error);
  }
}

/**
 * Starts the kernel in this process: takes over signals and `process.exit`, and ends the process when asked to.
 * @throws KernelError `NBS_KERNEL_BIND` where a port or socket file is taken
 */
export async function startKernel({ connection, descriptors = asTheyAre(), createSession }: KernelOptions): Promise<void> {
  const info = kernelInfo();
  const name = randomUUID();
  const signer = new Signer(connection);
  const encoder = new Encoder(signer, name);
  const runner = new CellRunner();
  const history = new History();
  let ending = false;
  let firstCell: string | undefined;

  const endCell = (): void => {
    stdin.cancel();
    runner.interrupt();
  };
  const interrupt = (terminated: boolean): void => {
    shell.rearm();
    // Where no cell runs, the one that is meant may have come meanwhile: by another socket, unread while the thread was busy.
    if (terminated || queue.running) endCell();
    else afterArrivals(endCell);
  };
  const end = async (): Promise<void> => {
    if (ending) return;
    ending = true;
    control.ending();
    const timeout = new Promise<void>((resolve) => setTimeout(resolve, DISPOSE_MS));
    await Promise.race([
      holder.dispose().catch((error: unknown) => logToStderr(`the session did not end well: ${String(error)}`)),
      timeout,
    ]);
    await control.close();
    await Promise.all([shell.close(), stdin.close()]);
    removeSocketFiles(connection);
    exit(0);
  };

  const exit = guardProcess({ onInterrupt: () => interrupt(false), onEnd: () => void end() });
  const control = await ControlThread.start(
    { connection, session: name, info, descriptors, parentPid: parentPid() },
    { onInterrupt: interrupt, onShutdown: () => void end() },
  );
  const holder = new SessionHolder((made) =>
    control.guardedAsync(async () => {
      const session = await createSession((work) => control.guarded(work));
      made(session);
      // A cell that came meanwhile: what it needs boots while TypeScript loads, which takes the thread for half a second.
      await nextTurn();
      if (firstCell !== undefined) await session.anticipate(firstCell).then(nextTurn);
      await session.warm();
      return session;
    }),
  );
  const session = (): Promise<Session> => holder.get();
  const [shellSocket, stdinSocket] = await bindMain(connection, control);
  const stdin = new StdinChannel(stdinSocket, signer, encoder);
  const queue = new ExecutionQueue({
    publisher: control,
    runner,
    history,
    session,
    next: (code, parent) => {
      firstCell ??= code;
      control.cell(parent);
    },
    reply: (request: Incoming, content) => shell.reply(request, 'execute_reply', content),
    ask: (request, prompt, password) => stdin.ask(request, prompt, password),
  });
  const preload = (): void =>
    void session().catch((error: unknown) => logToStderr(`the session cannot be loaded: ${String(error)}`));
  const shell = new ShellChannel(shellSocket, signer, encoder, {
    info,
    publisher: control,
    history,
    session,
    guarded: (work) => control.guarded(work),
    execute: (request) => queue.push(request),
    running: () => queue.running,
    answered: () => inOwnTurn(preload),
    shutdown: () => void end(),
  });
  setTimeout(preload, IDLE_LOAD_MS).unref();
}
