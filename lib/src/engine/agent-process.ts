import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { childEnv, deferred, fromWireError, logsFolder, markOwn } from '../core/index.js';
import { removeFolder } from './cluster-folder.js';
import { AgentFailed } from './errors.js';
import { describeExit, type ExitReport, nameExit } from './exit-report.js';
import { type AgentArguments, type AgentMessage, messageReader } from './lifeline.js';

const AGENT_MAIN = fileURLToPath(new URL('./agent/main.js', import.meta.url));
const TAIL_LINES = 20;

/** The agent's process, for the driver that starts it. */
export class AgentProcess {
  /** Resolves when its control socket listens. */
  readonly open: Promise<void>;
  /** Resolves when the controller is ready. */
  readonly up: Promise<{ readonly host: string; readonly port: number }>;
  /** Resolves when the proxy is ready too. */
  readonly serving: Promise<void>;
  readonly exited: Promise<ExitReport>;
  readonly #child: ChildProcess;

  constructor(dir: string, args: AgentArguments) {
    const logFile = join(logsFolder(dir), 'agent.log');
    // A file, not a pipe: the agent must live longer than this process, until it has ended its children.
    const log = openSync(logFile, 'a', 0o600);
    const child = spawn(process.execPath, [AGENT_MAIN, JSON.stringify(args)], {
      detached: true,
      env: childEnv(),
      stdio: ['ignore', log, log, 'pipe'],
    });
    closeSync(log);
    this.#child = markOwn(child);
    this.exited = new Promise((resolve) => {
      const ended = (code: number | null, signal: string | null): void => {
        const stderrTail = tailOf(logFile);
        removeFolder(dir);
        resolve({ code, signal, name: nameExit({ code, signal, asked: code === 0, stderrTail }), stderrTail });
      };
      // At 'close', its last message has been read.
      child.on('close', ended);
      child.on('error', () => ended(null, null));
    });
    const open = deferred<void>();
    const up = deferred<{ readonly host: string; readonly port: number }>();
    const serving = deferred<void>();
    this.open = open.promise;
    this.up = up.promise;
    this.serving = serving.promise;
    const fail = (error: unknown): void => {
      up.reject(error);
      serving.reject(error);
    };
    const lines = messageReader<AgentMessage>((message) => {
      if (message.kind === 'open') open.resolve();
      else if (message.kind === 'up') up.resolve(message);
      else if (message.kind === 'serving') serving.resolve();
      else if (message.kind === 'failed') fail(fromWireError(message.error));
    });
    this.#lifeline.on('data', (chunk: Buffer) => lines.push(chunk));
    this.#lifeline.on('error', () => {});
    void this.exited.then((exit) => fail(AgentFailed({ exit: describeExit(exit), stderr: stderrText(exit) })));
    // Some callers await only one of them. Each await gets the error.
    for (const told of [this.up, this.serving]) told.catch(() => {});
  }

  get #lifeline(): Socket {
    return this.#child.stdio[3] as Socket;
  }

  /** Ends it and its children in order. */
  end(): void {
    // This is EOF on its lifeline. A detached agent does not watch that.
    this.#lifeline.destroy();
    this.#child.kill('SIGTERM');
  }

  /** Disconnects from a detached agent: it no longer keeps this process alive, and its end is no longer noticed here. */
  letGo(): void {
    this.#child.unref();
    this.#lifeline.destroy();
  }

  /** SIGKILL. Its children end because their own lifelines end. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

function stderrText({ stderrTail }: ExitReport): string {
  return stderrTail.length === 0 ? '' : `:\n${stderrTail.join('\n')}`;
}

function tailOf(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8').split('\n').filter(Boolean).slice(-TAIL_LINES);
  } catch {
    return [];
  }
}
