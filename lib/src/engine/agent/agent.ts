import { logsFolder } from '../../core/index.js';
import type { JournalBatch, ReadJournal, ReadLogs } from '../agent-ops.js';
import type { LogLine, ProcessInfo, ProcessSpec } from '../engine.js';
import { CannotRename, ClusterStopping } from '../errors.js';
import { Journal } from './journal.js';
import { LogFiles } from './log-files.js';
import { ManagedProcess } from './managed-process.js';

const LOG_JOURNAL_BYTES = 16 * 1024 * 1024;
const EXIT_JOURNAL_BYTES = 4 * 1024 * 1024;
/** The bytes that a line takes besides its text. */
const LINE_OVERHEAD_BYTES = 100;
const EXIT_BYTES = 4096;
const DEFAULT_GRACE_MS = 5000;
/** The number of ended processes that `list` still shows. */
const ENDED_KEPT = 100;

export interface AgentOptions {
  readonly dir: string;
  readonly node: string;
  /** The sockets that processes with `listens` get, that of HTTP first. Empty on a node without a proxy. */
  readonly listening: readonly { readonly fd: number; close(): void }[];
  /** The socket that the controller gets, if processes of other machines reach it. */
  readonly control?: { readonly fd: number; close(): void } | undefined;
}

/** The caller that waits for entries of a journal; an `IncomingCall` is one. */
export interface JournalReader {
  readonly cancelled: boolean;
  onCancel: ((reason: string) => void) | null;
}

/** Starts, watches, restarts and stops the processes of one node, and keeps what they print. It runs no user code and knows no sockets. */
export class Agent {
  readonly #options: AgentOptions;
  readonly #processes = new Map<string, ManagedProcess>();
  readonly #logs = new Journal<LogLine>(LOG_JOURNAL_BYTES);
  readonly #exits = new Journal<ProcessInfo>(EXIT_JOURNAL_BYTES);
  /** The driver that claimed the output of a group last. */
  readonly #claims = new Map<string, string>();
  /** Drivers that read what is printed for them. */
  readonly #readers = new Set<string>();
  readonly #files: LogFiles;
  #stopping = false;
  #stopped: Promise<void> | undefined;

  constructor(options: AgentOptions) {
    this.#options = options;
    this.#files = new LogFiles(logsFolder(options.dir));
  }

  list(): readonly ProcessInfo[] {
    return [...this.#processes.values()].map((process) => process.info());
  }

  /** The next lines of one process or of all. The lines of one process end with it. @param isElsewhere whether a process runs on another node */
  logs(
    request: ReadLogs,
    reader: JournalReader,
    isElsewhere: (id: string) => boolean = () => false,
  ): Promise<JournalBatch<LogLine>> {
    const { after, processId, atOnce = false } = request;
    const keep = this.#wanted(request);
    const { driver } = request;
    if (driver !== undefined) this.#readers.add(driver);
    if (atOnce) return Promise.resolve(this.#logs.read(after ?? this.#logs.last, keep));
    reader.onCancel = () => {
      if (driver !== undefined) this.#readers.delete(driver);
      this.#logs.poke();
    };
    const isOver = (): boolean =>
      reader.cancelled || (processId !== undefined && this.#isGone(processId) && !isElsewhere(processId));
    return this.#logs.next(after ?? this.#logs.last, keep, isOver);
  }

  claimLogs(groups: readonly string[], driver: string): undefined {
    for (const logGroup of groups) this.#claims.set(logGroup, driver);
    return undefined;
  }

  #wanted({ processId, driver, unclaimed = false }: ReadLogs): ((line: LogLine) => boolean) | undefined {
    if (processId !== undefined) return (line) => line.processId === processId;
    if (driver === undefined) return undefined;
    return ({ logGroup, caller }) => {
      const calling = caller?.slice(0, caller.indexOf(':'));
      if (calling !== undefined && this.#readers.has(calling)) return calling === driver;
      const claimed = logGroup === undefined ? undefined : this.#claims.get(logGroup);
      return claimed === undefined ? unclaimed : claimed === driver;
    };
  }

  /** The next ends of processes. */
  exits({ after }: ReadJournal, reader: JournalReader): Promise<JournalBatch<ProcessInfo>> {
    reader.onCancel = () => this.#exits.poke();
    return this.#exits.next(after ?? this.#exits.last, undefined, () => reader.cancelled);
  }

  /** Resolves when the process is ready, with its place as `Engine.start`. @throws NBS_CLUSTER_STOPPING, NBS_PROCESS_EXITED, NBS_PROCESS_START_TIMEOUT */
  async start(spec: ProcessSpec): Promise<string | undefined> {
    if (this.#stopping) throw ClusterStopping({ label: spec.label });
    const existing = this.#processes.get(spec.id);
    if (existing !== undefined && !existing.isGone) {
      existing.startedAgain(spec);
      await existing.ready;
      return existing.info().place;
    }
    const { dir, node, listening, control } = this.#options;
    const sockets = spec.role === 'controller' ? [control].filter((socket) => socket !== undefined) : listening;
    const managed = new ManagedProcess(spec, {
      dir,
      node,
      listenFds: sockets.map(({ fd }) => fd),
      onLine: (stream, text, caller) => {
        // Read each time, because the process may have been renamed.
        const { id: processId, role, label, logGroup } = managed.spec;
        this.#files.line(label, text);
        const whose = { ...(logGroup !== undefined && { logGroup }), ...(caller !== undefined && { caller }) };
        this.keepLine({ processId, role, label, ...whose, stream, text });
      },
      onExit: (info) => this.keepExit(info),
    });
    // The ended process that was started first leaves the list first.
    this.#processes.delete(spec.id);
    this.#processes.set(spec.id, managed);
    void managed.gone.then(() => this.#afterEnd(managed.spec.label));
    await managed.ready;
    return managed.info().place;
  }

  /** @throws NBS_CANNOT_RENAME */
  rename(id: string, to: string, logGroup?: string): undefined {
    const managed = this.#processes.get(id);
    const other = this.#processes.get(to);
    if (managed === undefined && other?.formerId === id) return undefined;
    if (other !== undefined) throw CannotRename({ id, to, reason: 'another process has that id' });
    if (managed === undefined || managed.isGone) throw CannotRename({ id, to, reason: 'no such process runs' });
    const { label } = managed.spec;
    managed.rename(to, logGroup);
    this.#processes.delete(id);
    this.#processes.set(to, managed);
    if (!this.#isLabel(label)) this.#files.rename(label, to);
    // The followers of the old id see its end.
    this.#logs.poke();
    return undefined;
  }

  /** Adds a line to those that drivers read. It may come from another node. */
  keepLine(line: LogLine): void {
    this.#logs.append(line, line.text.length + LINE_OVERHEAD_BYTES);
  }

  keepExit(info: ProcessInfo): void {
    this.#exits.append(info, EXIT_BYTES);
    this.#logs.poke();
  }

  /** Ends everything in the stages below. The first two have half of the time each. */
  stopAll(graceMs: number): Promise<void> {
    this.#stopped ??= (async () => {
      await this.stopFront(graceMs / 2);
      await this.stopReplicas(graceMs / 2);
      await this.end();
    })();
    return this.#stopped;
  }

  /** Stops the proxy, which needs the replicas to finish its requests, and the controller, which would replace replicas that end. */
  async stopFront(graceMs: number): Promise<void> {
    this.#stopping = true;
    // Before the proxy ends, so that a new connection is refused and does not wait for a proxy that will not come.
    this.#stopListening();
    await this.#stopThose(({ role }) => role !== 'replica' && role !== 'agent', graceMs);
  }

  #stopListening(): void {
    for (const socket of this.#options.listening) socket.close();
    this.#options.control?.close();
  }

  stopReplicas(graceMs: number): Promise<void> {
    return this.#stopThose(({ role }) => role === 'replica', graceMs);
  }

  /** Closes the journals and the log files. */
  async end(): Promise<void> {
    await this.#stopThose(() => true, DEFAULT_GRACE_MS);
    await this.#files.close();
    this.#logs.end();
    this.#exits.end();
  }

  /** Sends SIGKILL to every process. Resolves when all have ended. */
  async killAll(): Promise<void> {
    this.#stopListening();
    this.#stopping = true;
    const all = [...this.#processes.values()];
    for (const managed of all) managed.kill();
    await Promise.all(all.map((managed) => managed.gone));
  }

  async #stopThose(match: (spec: ProcessSpec) => boolean, graceMs: number): Promise<void> {
    const those = [...this.#processes.values()].filter(({ spec, isGone }) => !isGone && match(spec));
    await Promise.all(those.map((managed) => managed.stop(graceMs)));
  }

  async stop(id: string, graceMs = DEFAULT_GRACE_MS): Promise<undefined> {
    const managed = this.#processes.get(id);
    if (managed !== undefined && !managed.isGone) await managed.stop(graceMs);
    return undefined;
  }

  #isGone(id: string): boolean {
    return this.#processes.get(id)?.isGone ?? true;
  }

  #isLabel(label: string): boolean {
    return [...this.#processes.values()].some(({ spec, isGone }) => spec.label === label && !isGone);
  }

  #afterEnd(label: string): void {
    if (!this.#isLabel(label)) void this.#files.ended(label);
    const ended = [...this.#processes].filter(([, { isGone }]) => isGone);
    for (const [id] of ended.slice(0, Math.max(0, ended.length - ENDED_KEPT))) this.#processes.delete(id);
  }
}
