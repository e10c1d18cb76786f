import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { LineSplitter } from './line-splitter.js';

/** Where a debugger can connect. */
export interface DebugDoor {
  /** The path of a Unix socket. */
  readonly socket: string;
  /** The first line that the debugger must send. */
  readonly secret: string;
}

/** The message that makes the watcher's thread wait for a debugger. */
export interface DebugOrder {
  /** The path of the socket. */
  readonly debugAt: string;
}

/** The answer to an order. */
export interface DebugAnswer extends DebugOrder {
  /** Absent if it cannot listen there. */
  readonly door?: DebugDoor;
  readonly problem?: string;
}

export const isDebugOrder = (message: unknown): message is DebugOrder =>
  typeof message === 'object' && message !== null && 'debugAt' in message;

/** If nobody has connected after this time, nobody will. */
const CONNECT_WITHIN_MS = 10_000;
/** Expressions and conditions of people are shorter. */
const LINE_MAX_BYTES = 16 * 1024 * 1024;

/** The sockets that wait for a debugger. */
const waiting = new Map<string, Promise<DebugAnswer>>();

/**
 * Lets one debugger connect to the inspector of the main thread. After the secret, each line is a message of the inspector, as JSON. When the connection
 * ends, its breakpoints are gone, and the code goes on. No port is opened. To be called in a thread beside the main thread, which answers while that one is
 * stopped.
 * @param onHold is called when the main thread stops at a breakpoint, and when it goes on. Never rejects.
 */
export function letDebug({ debugAt }: DebugOrder, onHold: (isHeld: boolean) => void): Promise<DebugAnswer> {
  const known = waiting.get(debugAt);
  if (known !== undefined) return known;
  const secret = randomBytes(32).toString('hex');
  const listening = new Promise<DebugAnswer>((resolve) => {
    const server = createServer((socket) => {
      let take: ((line: string) => void) | undefined;
      const lines = new LineSplitter((line) => {
        if (take !== undefined) take(line);
        else if (line === secret) {
          stop();
          take = serve(socket, onHold);
        } else socket.destroy();
      }, LINE_MAX_BYTES);
      socket.on('data', (chunk) => lines.push(chunk));
      socket.on('error', () => {});
    });
    const stop = (): void => {
      clearTimeout(timer);
      waiting.delete(debugAt);
      // This removes the file of the socket.
      server.close();
    };
    const timer = setTimeout(stop, CONNECT_WITHIN_MS);
    server.on('error', ({ message }) => {
      stop();
      resolve({ debugAt, problem: message });
    });
    // A thread that was killed has left its file.
    rmSync(debugAt, { force: true });
    server.listen(debugAt, () => resolve({ debugAt, door: { socket: debugAt, secret } }));
  });
  waiting.set(debugAt, listening);
  return listening;
}

interface Request {
  readonly id: number;
  readonly method: string;
  readonly params?: object;
}

/** @returns what takes the debugger's lines */
function serve(socket: Socket, onHold: (isHeld: boolean) => void): (line: string) => void {
  // Most processes are never debugged.
  const { Session } = process.getBuiltinModule('node:inspector');
  const session = new Session();
  session.connectToMainThread();
  let isHeld = false;
  const hold = (held: boolean): void => {
    if (held === isHeld) return;
    isHeld = held;
    onHold(held);
  };
  const send = (message: object): void => void socket.write(`${JSON.stringify(message)}\n`);
  session.on('inspectorNotification', (notification) => {
    const { method, params } = notification as { readonly method: string; readonly params: object };
    if (method === 'Debugger.paused') hold(true);
    if (method === 'Debugger.resumed') hold(false);
    send({ method, params });
  });
  socket.on('close', () => {
    session.disconnect();
    hold(false);
  });
  return (line) => {
    try {
      const { id, method, params } = JSON.parse(line) as Request;
      session.post(method, params, (error, result) => send({ id, ...(error === null ? { result } : { error: error.message }) }));
    } catch {
      // It has gone, or it is no debugger of ours.
      socket.destroy();
    }
  };
}
