import type { Log } from '../../core/index.js';
import { deferred, hasCode, shortId } from '../../core/index.js';
import type { AdmittedNode, DeclaredResources, JoinAddress, NodeInfo } from '../engine.js';
import type { JoinArguments } from '../machines.js';
import { RayRefused, SharedCertificate } from './errors.js';
import { hasEnded } from './head-mark.js';
import { LeavingJobs } from './leaving-jobs.js';
import { nodeJob, shareOf } from './node-job.js';
import type { RayApi, RayJobInfo, RayNode } from './ray-api.js';
import { RayDemand } from './ray-demand.js';

const LOOK_EVERY_MS = 1000;
const FIRST_PAUSE_MS = 1000;
const MAX_PAUSE_MS = 60_000;
/** How long a start waits for the nodes. */
const GATHER_MS = 30_000;
/** After this number of checks, the user is told about a job that waits. */
const WAITS_LONG = 10;
const WAITS = 'it waits until Ray has all of the node free; other jobs or actors may use it';
/** A node is gone if so many looks, one after the other, have not found it. Ray's list may lack nodes for a moment, as when Ray's head starts again. */
const GONE_LOOKS = 5;
/** The job of a node that is connected is looked at in one of so many looks: if it ends, the connection ends first. */
const CONNECTED_EVERY = 10;
const FINGERPRINT = /^nbserve node ([0-9a-f]{64})$/m;
const LOG_TAIL = 2000;
/** Ids become words of a command, so no others are taken from Ray's list. */
const OWN_JOB = /^nbserve-[\w-]+$/;
/** A line of an agent's log that says why the agent ended. */
const REASON = /^NBS_|Error:|not found/;
/** Node ends each fatal error with this line. */
const NODE_VERSION = /^Node\.js v/;
const NO_MODULE = /^Error: Cannot find module .*join-main/m;
const ELSEWHERE =
  "if nbserve is in another folder on Ray's nodes, name it: nbserve start --machines-nbserve <folder>, or machines: { nbserve: '<folder>' }";

export interface RayNodesOptions {
  readonly api: Pick<RayApi, 'nodes' | 'submit' | 'job' | 'jobs' | 'logs' | 'stop' | 'remove' | 'close'>;
  /** The mark of this head, which its jobs have too. @default it is not known, and no job of another cluster is ended */
  readonly head?: string | undefined;
  /** The name of the cluster in the metadata of its jobs. */
  readonly cluster: string;
  readonly main: string;
  /** Where nodes join. The pin changes with the user's authority. */
  readonly address: () => JoinAddress;
  readonly tls?: JoinArguments['tls'];
  readonly admit: (node: AdmittedNode) => void;
  /** Called when Ray has other nodes than before. @default nothing */
  readonly onNodes?: () => void;
  readonly log: Pick<Log, 'info' | 'warn'>;
}

interface Held {
  readonly node: RayNode;
  /** Known before it is submitted, so that it is found if the answer of Ray is lost. */
  job: string;
  /** Whether Ray has had it. */
  submitted: boolean;
  admitted: boolean;
  /** That of the certificate that it was admitted with; `''` before. */
  fingerprint: string;
  /** How many looks have found that it waits. */
  waits: number;
  /** How many looks, one after the other, have not found its node. */
  misses: number;
  failures: number;
  /** It is not submitted before this time. */
  notBefore: number;
  /** Why its submission failed; `null` if it did not. */
  refused: Error | null;
  /** What keeps its node from joining; `''` if nothing is known. */
  problem: string;
}

/** Keeps one job, the agent of a node, on each node of a Ray cluster. */
export class RayNodes {
  readonly #options: RayNodesOptions;
  readonly #held = new Map<string, Held>();
  readonly #demand: RayDemand;
  readonly #leaving: LeavingJobs;
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> = Promise.resolve();
  #closed = false;
  /** What went wrong in the last look. */
  #problems = new Set<string>();
  /** The nodes that are connected. */
  readonly #joined = new Set<string>();
  #looks = 0;
  /** Ray has said which jobs a head that was killed has left. */
  #knowsLeft = false;
  /** The nodes that the start waits for; `null` before they are known. */
  #awaited: Set<string> | null = null;
  readonly #gathering = deferred<void>();

  constructor(options: RayNodesOptions) {
    this.#options = options;
    this.#leaving = new LeavingJobs(options);
    this.#demand = new RayDemand({ ...options, leaving: this.#leaving });
  }

  /** What each replica that waits for room takes; it replaces what was said before. */
  want(bundles: readonly DeclaredResources[]): void {
    this.#demand.want(bundles);
  }

  /** Resolves when each node of the first look has joined, or its agent has ended, or after half a minute. With why a node has not joined. */
  get gathered(): Promise<readonly string[]> {
    setTimeout(() => this.#gathering.resolve(), GATHER_MS).unref();
    return this.#gathering.promise.then(() =>
      this.#awaited === null
        ? [...this.#problems]
        : this.#missing.map(
            ({ node, problem }) => `node ${nameOf(node)} (${node.ip}) has not joined${problem && `: ${problem}`}`,
          ),
    );
  }

  /** The nodes of Ray that have not joined yet. */
  get expected(): readonly NodeInfo[] {
    return this.#missing.map(({ node }) => {
      const { cpu, gpu, memory = 0, custom } = shareOf(node);
      const gpus = Array.from({ length: gpu }, (_, number) => String(number));
      return { id: nameOf(node), ip: node.ip, alive: false, isJoined: true, resources: { cpu, gpus, memory, custom } };
    });
  }

  get #missing(): readonly Held[] {
    return [...this.#held.values()].filter(({ node }) => !this.#joined.has(nameOf(node)));
  }

  /** To be called when a node has joined. */
  joined(node: string): void {
    this.#joined.add(node);
    this.#settled(node);
  }

  /** To be called when the connection of a node has ended. */
  lost(node: string): void {
    this.#joined.delete(node);
  }

  /** The start need not wait for this node any more. */
  #settled(node: string): void {
    this.#awaited?.delete(node);
    if (this.#awaited?.size === 0) this.#gathering.resolve();
  }

  /** Begins to look. It continues by itself; what goes wrong is logged, once. */
  open(): void {
    this.#round = this.#look()
      .catch((error: Error) => [error])
      .then((errors) => {
        const problems = new Set(errors.map(({ message }) => message));
        for (const problem of problems) if (!this.#problems.has(problem)) this.#options.log.warn(problem);
        this.#problems = problems;
      });
    void this.#round.then(() => {
      if (!this.#closed) this.#timer = setTimeout(() => this.open(), LOOK_EVERY_MS);
    });
  }

  /** Ends the jobs that have not ended by themselves, and those that wait for their nodes. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    const { api, log } = this.#options;
    await this.#round;
    for (const { job } of this.#held.values()) if (job !== '') this.#leaving.add(job, false);
    this.#demand.close();
    await this.#leaving.tend().catch((error: Error) => log.warn(error.message));
    api.close();
  }

  /** @returns what went wrong. A node of which that is true does not keep the others from being looked at. */
  async #look(): Promise<readonly Error[]> {
    const all = await this.#options.api.nodes();
    this.#looks += 1;
    const gone = this.#gone(all);
    const held = [...this.#held.values()].filter((one) => !gone.includes(one));
    const hasWorkers = [...all, ...held.map(({ node }) => node)].some(({ isHead }) => !isHead);
    // A Ray cluster of one node has only its head. If others come later, it keeps the agent that it has.
    const wanted = all.filter((node) => !node.isHead || !hasWorkers || (this.#held.get(node.id)?.job ?? '') !== '');
    const before = [...this.#held.keys()].join();
    if (this.#awaited === null) {
      this.#awaited = new Set(wanted.map(nameOf));
      if (wanted.length === 0) this.#gathering.resolve();
    }
    // Ray's head whose agent has ended needs none if there are other nodes.
    const needless = held.filter(({ node, job }) => node.isHead && hasWorkers && job === '');
    const tended = await Promise.allSettled([
      ...[...gone, ...needless].map((one) => this.#forget(one)),
      ...wanted.map((node) => this.#tend(node)),
      ...(this.#closed ? [] : [this.#demand.tend()]),
      ...(this.#knowsLeft ? [] : [this.#endLeftBehind()]),
    ]);
    if ([...this.#held.keys()].join() !== before) this.#options.onNodes?.();
    const left = this.#closed ? [] : await Promise.allSettled([this.#leaving.tend()]);
    return [...tended, ...left].flatMap((one) => (one.status === 'rejected' ? [one.reason as Error] : []));
  }

  /** Those whose nodes have ended. One whose agent is connected has not. */
  #gone(all: readonly RayNode[]): readonly Held[] {
    return [...this.#held.values()].filter((held) => {
      held.misses = all.some(({ id }) => id === held.node.id) ? 0 : held.misses + 1;
      return held.misses >= GONE_LOOKS && !this.#joined.has(nameOf(held.node));
    });
  }

  /** Ends what a head on this machine that was killed has left on Ray. Jobs of a head elsewhere end by themselves when they have not found it for a minute. */
  async #endLeftBehind(): Promise<void> {
    const { api, head, log } = this.#options;
    if (head === undefined) {
      this.#knowsLeft = true;
      return;
    }
    const left = (await api.jobs()).filter(({ id, metadata }) => OWN_JOB.test(id) && hasEnded(metadata.head ?? '', head));
    this.#knowsLeft = true;
    for (const { id, metadata } of left) this.#leaving.add(id, metadata.wants !== undefined);
    if (left.length > 0) log.info(`jobs of clusters that were killed are ended: ${left.map(({ id }) => id).join(', ')}`);
  }

  /** Its node has ended, and so has what ran there. A job that waits for it would wait for ever. */
  async #forget({ node, job }: Held): Promise<void> {
    const info = job === '' ? undefined : await this.#options.api.job(job);
    if (info?.status === 'PENDING') this.#leaving.add(job, false);
    this.#held.delete(node.id);
    this.#settled(nameOf(node));
  }

  async #tend(node: RayNode): Promise<void> {
    const fresh: Held = {
      node,
      job: '',
      submitted: false,
      admitted: false,
      fingerprint: '',
      waits: 0,
      misses: 0,
      failures: 0,
      notBefore: 0,
      refused: null,
      problem: '',
    };
    const held = this.#held.get(node.id) ?? fresh;
    this.#held.set(node.id, held);
    if (held.job === '') return this.#begin(held);
    if (held.admitted && this.#joined.has(nameOf(node)) && this.#looks % CONNECTED_EVERY !== 0) return;
    const { api, admit, log } = this.#options;
    const info = await api.job(held.job);
    if (info === undefined) {
      // Ray has not got it, so it gets it with the same id, of which it takes one only.
      if (!held.submitted) return this.#submit(held);
      return this.#ended(held, { status: 'STOPPED', message: "it is gone from Ray's list of jobs" });
    }
    held.submitted = true;
    if (info.status === 'FAILED' || info.status === 'STOPPED' || info.status === 'SUCCEEDED') return this.#ended(held, info);
    held.problem = '';
    if (info.status === 'PENDING') this.#waits(held);
    if (held.admitted || info.status !== 'RUNNING') return;
    const fingerprint = FINGERPRINT.exec(await api.logs(held.job))?.[1];
    if (fingerprint === undefined) return;
    const other = [...this.#held.values()].find((one) => one.fingerprint === fingerprint);
    if (other !== undefined) {
      const error = SharedCertificate({ node: nameOf(node), other: nameOf(other.node) });
      held.problem = error.message;
      this.#settled(nameOf(node));
      throw error;
    }
    // The GPUs are those that Ray has given to the job.
    const { gpu: _, ...resources } = shareOf(node);
    admit({ fingerprint, node: nameOf(node), resources });
    held.admitted = true;
    held.fingerprint = fingerprint;
    log.info(`node ${nameOf(node)} (${node.ip}) is admitted`);
  }

  #waits(held: Held): void {
    held.waits += 1;
    held.problem = WAITS;
    const { node, job } = held;
    if (held.waits === WAITS_LONG)
      this.#options.log.warn(`the agent of node ${nameOf(node)} (${node.ip}), job ${job}, does not start: ${WAITS}`);
  }

  async #begin(held: Held): Promise<void> {
    if (Date.now() < held.notBefore) return;
    held.job = `nbserve-${this.#options.cluster}-${nameOf(held.node)}-${shortId(6)}`;
    held.submitted = false;
    held.refused = null;
    held.admitted = false;
    held.fingerprint = '';
    held.waits = 0;
    await this.#submit(held);
  }

  async #submit(held: Held): Promise<void> {
    if (this.#closed) return;
    if (held.refused !== null && Date.now() < held.notBefore) throw held.refused;
    const { api, main, address, cluster, tls } = this.#options;
    const { job: id, node } = held;
    try {
      const { address: head, pin } = address();
      await api.submit(nodeJob({ id, node, main, head, pin, cluster, ...(tls && { tls }) }));
    } catch (error) {
      held.refused = error as Error;
      held.problem = held.refused.message;
      if (hasCode(error, RayRefused)) this.#settled(nameOf(node));
      // Ray may refuse it for good, and each try costs it something.
      this.#pause(held);
      throw error;
    }
    held.submitted = true;
    held.refused = null;
  }

  async #ended(held: Held, { status, message = '' }: Omit<RayJobInfo, 'submission_id'>): Promise<void> {
    const { api, log } = this.#options;
    const logs = (await api.logs(held.job).catch(() => '')).slice(-LOG_TAIL).trim();
    log.warn(`the agent of node ${nameOf(held.node)} (${held.node.ip}) ended: ${status} ${message}\n${logs}`);
    held.job = '';
    held.problem = `its agent ended: ${status} ${reasonIn(logs) || message}`;
    this.#settled(nameOf(held.node));
    if (held.admitted) held.failures = 0;
    this.#pause(held);
  }

  /** Nothing is submitted for this node for a time that grows with each failure. */
  #pause(held: Held): void {
    held.failures += 1;
    held.notBefore = Date.now() + Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (held.failures - 1));
  }
}

/** What an agent's log says about why it ended; `''` if it is empty. */
function reasonIn(logs: string): string {
  const lines = logs.split('\n').filter((line) => line.trim() !== '' && !NODE_VERSION.test(line));
  const reason = lines.findLast((line) => REASON.test(line)) ?? lines.at(-1) ?? '';
  return NO_MODULE.test(logs) ? `${reason}; ${ELSEWHERE}` : reason;
}

const nameOf = ({ id }: RayNode): string => `ray-${id.slice(0, 8)}`;
