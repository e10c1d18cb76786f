import type { Log } from '../../core/index.js';
import { deferred, shortId } from '../../core/index.js';
import type { AdmittedNode, DeclaredResources, JoinAddress } from '../engine.js';
import type { JoinArguments } from '../machines.js';
import { nodeJob, shareOf } from './node-job.js';
import type { RayApi, RayJobInfo, RayNode } from './ray-api.js';
import { RayDemand } from './ray-demand.js';

const LOOK_EVERY_MS = 1000;
const FIRST_PAUSE_MS = 1000;
const MAX_PAUSE_MS = 60_000;
/** How long a start waits for the nodes. */
const GATHER_MS = 30_000;
const FINGERPRINT = /^nbserve node ([0-9a-f]{64})$/m;
const LOG_TAIL = 2000;

export interface RayNodesOptions {
  readonly api: Pick<RayApi, 'nodes' | 'submit' | 'job' | 'logs' | 'stop' | 'remove' | 'close'>;
  /** The name of the cluster in the metadata of its jobs. */
  readonly cluster: string;
  readonly main: string;
  readonly address: JoinAddress;
  readonly declared: DeclaredResources;
  readonly tls?: JoinArguments['tls'];
  readonly admit: (node: AdmittedNode) => void;
  readonly log: Pick<Log, 'info' | 'warn'>;
}

interface Held {
  readonly node: RayNode;
  job: string;
  admitted: boolean;
  failures: number;
  /** It is not submitted before this time. */
  notBefore: number;
}

/** Keeps one job, the agent of a node, on each node of a Ray cluster. */
export class RayNodes {
  readonly #options: RayNodesOptions;
  readonly #held = new Map<string, Held>();
  readonly #demand: RayDemand;
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> = Promise.resolve();
  #closed = false;
  #problem = '';
  /** The nodes that the start waits for; `null` before they are known. */
  #awaited: Set<string> | null = null;
  readonly #gathering = deferred<void>();

  constructor(options: RayNodesOptions) {
    this.#options = options;
    this.#demand = new RayDemand(options);
  }

  /** What each replica that waits for room takes; it replaces what was said before. */
  want(bundles: readonly DeclaredResources[]): void {
    this.#demand.want(bundles);
  }

  /** Resolves when each node of the first look has joined, or its agent has ended, or after half a minute. */
  get gathered(): Promise<void> {
    setTimeout(() => this.#gathering.resolve(), GATHER_MS).unref();
    return this.#gathering.promise;
  }

  /** To be called when a node has joined. */
  joined(node: string): void {
    this.#awaited?.delete(node);
    if (this.#awaited?.size === 0) this.#gathering.resolve();
  }

  /** Begins to look. It continues by itself; what goes wrong is logged, once. */
  open(): void {
    this.#round = this.#look().then(
      () => {
        this.#problem = '';
      },
      (error: Error) => {
        if (error.message !== this.#problem) this.#options.log.warn(error.message);
        this.#problem = error.message;
      },
    );
    void this.#round.then(() => {
      if (!this.#closed) this.#timer = setTimeout(() => this.open(), LOOK_EVERY_MS);
    });
  }

  /** Stops the jobs that have not ended by themselves. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    const { api } = this.#options;
    await this.#round;
    const jobs = [...this.#held.values()].map(({ job }) => job).filter((job) => job !== '');
    await Promise.all([...jobs.map((job) => api.stop(job).catch(() => {})), this.#demand.close().catch(() => {})]);
    api.close();
  }

  async #look(): Promise<void> {
    const all = await this.#options.api.nodes();
    const workers = all.filter(({ isHead }) => !isHead);
    // A Ray cluster of one node has only its head.
    const wanted = workers.length > 0 ? workers : all;
    if (this.#awaited === null) {
      this.#awaited = new Set(wanted.map(nameOf));
      if (wanted.length === 0) this.#gathering.resolve();
    }
    for (const id of [...this.#held.keys()]) if (all.every((node) => node.id !== id)) this.#held.delete(id);
    await Promise.all(wanted.map((node) => this.#tend(node)));
    if (!this.#closed) await this.#demand.tend();
  }

  async #tend(node: RayNode): Promise<void> {
    const held: Held = this.#held.get(node.id) ?? { node, job: '', admitted: false, failures: 0, notBefore: 0 };
    this.#held.set(node.id, held);
    if (held.job === '') return this.#submit(held);
    const { api, admit, declared, log } = this.#options;
    const info = await api.job(held.job);
    if (info.status === 'FAILED' || info.status === 'STOPPED' || info.status === 'SUCCEEDED') return this.#ended(held, info);
    if (held.admitted || info.status !== 'RUNNING') return;
    const fingerprint = FINGERPRINT.exec(await api.logs(held.job))?.[1];
    if (fingerprint === undefined) return;
    held.admitted = true;
    const { cpu, memory, custom } = shareOf(node, declared);
    // The GPUs are those that Ray has given to the job.
    admit({ fingerprint, node: nameOf(node), resources: { cpu, custom, ...(memory === undefined ? {} : { memory }) } });
    log.info(`node ${nameOf(node)} (${node.ip}) is admitted`);
  }

  async #submit(held: Held): Promise<void> {
    if (this.#closed || Date.now() < held.notBefore) return;
    const { api, main, address, cluster, declared, tls } = this.#options;
    const id = `nbserve-${cluster}-${nameOf(held.node)}-${shortId(6)}`;
    held.admitted = false;
    const job = { id, node: held.node, main, head: address.address, pin: address.pin, cluster, declared, ...(tls && { tls }) };
    await api.submit(nodeJob(job));
    held.job = id;
  }

  async #ended(held: Held, { status, message = '' }: RayJobInfo): Promise<void> {
    const { api, log } = this.#options;
    const logs = (await api.logs(held.job).catch(() => '')).slice(-LOG_TAIL).trim();
    log.warn(`the agent of node ${nameOf(held.node)} (${held.node.ip}) ended: ${status} ${message}\n${logs}`);
    held.job = '';
    this.joined(nameOf(held.node));
    held.failures = held.admitted ? 1 : held.failures + 1;
    held.notBefore = Date.now() + Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (held.failures - 1));
  }
}

const nameOf = ({ id }: RayNode): string => `ray-${id.slice(0, 8)}`;
