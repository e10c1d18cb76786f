import { existsSync, rmSync } from 'node:fs';
import { format } from 'node:util';
import { patience } from 'nbserve/basics';
import { ControlThread, inOwnTurn, nextTurn, type Parent, type Restart } from '../control/index.js';
import { showToDebugger } from '../debugger/index.js';
import { asTheyAre, type OwnDescriptors } from '../descriptors/index.js';
import { guardErrors, guardExit } from '../guard/index.js';
import { KeptHistory } from '../history/index.js';
import type { Session, SessionOptions } from '../session/index.js';
import { type Connection, kernelSession, logToStderr, removeSocketFiles } from '../wire/index.js';
import { parentPid as parentOf } from './env.js';
import { History } from './history.js';
import { kernelInfo } from './kernel-info.js';
import { SessionHolder } from './session-holder.js';
import { ShellChannel } from './shell-channel.js';
import { Shells } from './shells.js';
import { StdinChannel } from './stdin.js';

/** How long the session may take to end. */
const DISPOSE_MS = 1500;
/** TypeScript is loaded after this time, even if nobody has requested kernel_info. */
const IDLE_LOAD_MS = 400;

export interface KernelOptions {
  readonly connection: Connection;
  /** The file of `connection`, which gets the ports that the kernel chooses. @default '' writes them nowhere */
  readonly connectionFile?: string;
  /** The descriptors 1 and 2, if they were replaced. */
  readonly descriptors?: OwnDescriptors;
  /** How to restart this kernel if native code never returns to its main thread. */
  readonly restart: Restart;
  /** The file that keeps the signatures of accepted messages over restarts. @default '' keeps them in memory only */
  readonly seenFile?: string;
  /** What the program before this one in the process has left. @default '' */
  readonly legacy?: string;
  /** Whose end ends the kernel. @default the process that the environment names */
  readonly parent?: Parent;
  /**
   * Loads the code of the session while the control thread starts, so that the first cell need not wait for it. Never rejects.
   * @default does nothing
   */
  loadSession?(): Promise<void>;
  /** The folder of the history of all sessions. @default '' keeps it in memory only */
  readonly historyFolder?: string;
  /** Makes the session. It is called once, when the kernel can already answer. */
  createSession(
    hooks: Required<
      Pick<SessionOptions, 'uninterruptible' | 'onSpawn' | 'onCheck' | 'onCompiled' | 'replicaDebugging' | 'interruptPending'>
    >,
  ): Promise<Session>;
}

/**
 * Starts the kernel in this process. It handles signals and `process.exit`, and ends the process when a client requests that.
 * @throws NBS_KERNEL_BIND if a port or socket file is taken
 */
export async function startKernel({
  connection,
  connectionFile = '',
  descriptors = asTheyAre(),
  restart,
  seenFile = '',
  legacy = '',
  parent = { pid: parentOf(), file: '' },
  loadSession,
  historyFolder = '',
  createSession,
}: KernelOptions): Promise<void> {
  const info = kernelInfo();
  const history = new History(new KeptHistory(historyFolder));
  let ending = false;
  let firstCell: string | undefined;

  /** @param forGood true if no other kernel with this connection file follows */
  const end = async (forGood: boolean): Promise<void> => {
    if (ending) return;
    ending = true;
    control.ending();
    let stopLimit = (): void => {};
    const timeout = new Promise<void>((resolve) => {
      stopLimit = patience(DISPOSE_MS, resolve);
    });
    await Promise.race([
      holder.dispose().catch((error: unknown) => logToStderr(`the session did not end well: ${String(error)}`)),
      timeout,
    ]);
    stopLimit();
    await control.close();
    removeSocketFiles(connection);
    // VS Code ends a kernel by SIGTERM alone, and removes the connection file.
    if (seenFile !== '' && (forGood || !existsSync(connectionFile))) rmSync(seenFile, { force: true });
    exit(0);
  };

  // A notebook's kernel is ended from the Kernel menu. Until then its state and its applications remain.
  const exit = guardExit(() => true);
  // Until the session is loaded, which shows such an error in its cell.
  guardErrors((_, error) => logToStderr(`nobody caught: ${format(error)}`));
  process.on('SIGINT', () => control.interrupt());
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void end(false));
  const control = await ControlThread.start(
    { connection, connectionFile, seenFile, session: kernelSession(), info, descriptors, parent, restart, legacy },
    {
      onRequest: (request) => shell.onRequest(request),
      onAnswer: (question, value) => stdin.onAnswer(question, value),
      onTermination: () => shells.onTermination(),
      onInterrupt: (terminated) => {
        shell.interrupt();
        shells.interrupt(terminated);
      },
      onDeleted: (subshell, held) => shells.delete(subshell, held),
      onDebugger: () => holder.made?.onDebugger(),
      onShutdown: (again) => void end(!again),
    },
    loadSession,
  );
  const holder = new SessionHolder((made) =>
    control.guardedAsync(async () => {
      const session = await createSession({
        uninterruptible: (work) => control.guarded(work),
        onSpawn: (pid, request = '') => control.spawned(pid, request),
        onCheck: (pid) => control.checking(pid),
        onCompiled: (cell) => control.compiled(cell),
        replicaDebugging: { debugger: () => control.debugger, join: (replicas) => control.joinReplicas(replicas) },
        interruptPending: () => control.interruptPending,
      });
      showToDebugger(session.debugView);
      made(session);
      // For a cell that came meanwhile: the processes that it needs start while TypeScript loads, which blocks this thread for half a second.
      await nextTurn();
      if (firstCell !== undefined) await session.anticipate(firstCell).then(nextTurn);
      await session.warm(firstCell !== undefined);
      return session;
    }),
  );
  const session = (): Promise<Session> => holder.get();
  const stdin = new StdinChannel(control);
  const shells = new Shells({
    publisher: control,
    interrupts: () => control.interrupts,
    outputTo: (parent) => control.outputTo(parent),
    unask: () => control.unask(),
    history,
    session,
    together: (work) => control.together(work),
    next: (code, parent) => {
      firstCell ??= code;
      control.cell(parent);
    },
    reply: (request, content) => control.reply(request, 'execute_reply', content),
    ask: (request, prompt, password, signal) => stdin.ask(request, prompt, password, signal),
  });
  const preload = (): void => {
    history.prepare();
    void session().catch((error: unknown) => logToStderr(`the session cannot be loaded: ${String(error)}`));
  };
  const shell = new ShellChannel({
    info,
    publisher: control,
    history,
    ports: () => Object.fromEntries(Object.entries(control.ports).map(([channel, port]) => [`${channel}_port`, port])),
    session,
    reply: (request, type, content) => control.reply(request, type, content),
    execute: (request) => shells.push(request),
    running: () => shells.running,
    current: () => holder.made?.currentRequest,
    answered: () => inOwnTurn(preload),
    shutdown: (again) => void end(!again),
  });
  setTimeout(preload, IDLE_LOAD_MS).unref();
}
