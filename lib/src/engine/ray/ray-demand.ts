import { type Log, shortId } from '../../core/index.js';
import type { DeclaredResources } from '../engine.js';
import { EMPTY_JOB, type LeavingJobs } from './leaving-jobs.js';
import type { RayApi, RayJob } from './ray-api.js';

/** At most so many jobs wait at a time. When nodes have come, the next ones are shown. */
const MAX_SHOWN = 16;
/** A job that Ray could start, although our nodes have no room, is not submitted again before this time. */
const PAUSE_MS = 30_000;
/** A job that Ray did not take is not submitted again before this time. */
const FAILED_PAUSE_MS = 5000;
/** A job that starts so soon has found room that Ray had before; a new node takes longer. */
const AT_ONCE_MS = 10_000;

export interface RayDemandOptions {
  readonly api: Pick<RayApi, 'submit' | 'job'>;
  /** The name of the cluster in the metadata of its jobs. */
  readonly cluster: string;
  readonly log: Pick<Log, 'info' | 'warn'>;
  /** Ends the jobs that are no longer necessary. */
  readonly leaving: Pick<LeavingJobs, 'add'>;
  readonly now?: () => number;
}

interface Shown {
  readonly job: string;
  readonly key: string;
  readonly since: number;
}

/**
 * Shows Ray's autoscaler which replicas wait for room: one job for each, which Ray keeps waiting as long as no node has that room free. A job that starts
 * ends at once. When a replica no longer waits, its job is cancelled.
 */
export class RayDemand {
  readonly #options: RayDemandOptions;
  readonly #now: () => number;
  #wanted: readonly string[] = [];
  /** What was wanted at the last look. A short wait, as during an update, is not shown. */
  #before: readonly string[] = [];
  #shown: readonly Shown[] = [];
  readonly #notBefore = new Map<string, number>();
  #hasWarned = false;

  constructor(options: RayDemandOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** What each waiting replica takes; it replaces what was said before. */
  want(bundles: readonly DeclaredResources[]): void {
    this.#wanted = bundles.slice(0, MAX_SHOWN).map((bundle) => JSON.stringify(bundle));
  }

  /** Submits and cancels jobs as necessary. One that Ray does not take does not keep the others from being shown; its error is thrown at the end. */
  async tend(): Promise<void> {
    await this.#look();
    const left = [...this.#shown];
    const kept: Shown[] = [];
    const missing: string[] = [];
    const lasting = [...this.#before];
    for (const key of this.#wanted) {
      const at = left.findIndex((one) => one.key === key);
      if (at >= 0) kept.push(...left.splice(at, 1));
      else if (takeFrom(lasting, key) && (this.#notBefore.get(key) ?? 0) <= this.#now()) missing.push(key);
    }
    this.#before = this.#wanted;
    this.#shown = kept;
    this.#leave(left);
    const failed: unknown[] = [];
    for (const key of missing) {
      // Each try costs Ray something, also for a replica of the same kind.
      if ((this.#notBefore.get(key) ?? 0) > this.#now()) continue;
      await this.#show(key).catch((error: unknown) => {
        this.#notBefore.set(key, this.#now() + FAILED_PAUSE_MS);
        failed.push(error);
      });
    }
    if (failed.length > 0) throw failed[0];
  }

  /** Has all of them cancelled. */
  close(): void {
    this.#wanted = [];
    const left = this.#shown;
    this.#shown = [];
    this.#leave(left);
  }

  /** Forgets jobs that have ended. */
  async #look(): Promise<void> {
    const { api, leaving } = this.#options;
    const infos = await Promise.all(this.#shown.map(({ job }) => api.job(job)));
    const isOver = infos.map((info) => info?.status !== 'PENDING' && info?.status !== 'RUNNING');
    for (const [index, { job, key, since }] of this.#shown.entries()) {
      if (isOver[index] !== true) continue;
      if (infos[index]?.status === 'SUCCEEDED' && this.#now() - since < AT_ONCE_MS) this.#warn();
      this.#notBefore.set(key, this.#now() + PAUSE_MS);
      leaving.add(job, true);
    }
    this.#shown = this.#shown.filter((_, index) => isOver[index] !== true);
  }

  /** Then Ray's autoscaler does not learn of the demand. */
  #warn(): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    this.#options.log.warn(ROOM_ELSEWHERE);
  }

  async #show(key: string): Promise<void> {
    const { api, cluster, leaving, log } = this.#options;
    const job = `nbserve-${cluster}-wants-${shortId(6)}`;
    try {
      await api.submit(waitingJob(job, cluster, key));
    } catch (error) {
      // Ray may have got it.
      leaving.add(job, true);
      throw error;
    }
    this.#shown = [...this.#shown, { job, key, since: this.#now() }];
    log.info(`Ray is asked for ${key}`);
  }

  #leave(those: readonly Shown[]): void {
    for (const { job, key } of those) {
      this.#options.leaving.add(job, true);
      this.#notBefore.delete(key);
      this.#options.log.info(`Ray is no longer asked for ${key}`);
    }
  }
}

const ROOM_ELSEWHERE =
  "Ray has run the job that shows what replicas wait for at once, so it has room that nbserve does not have, probably on its head, and its autoscaler adds no node; start Ray's head with --num-cpus=0";

function waitingJob(id: string, cluster: string, key: string): RayJob {
  const { cpu = 0, gpu = 0, memory = 0, custom = {} } = JSON.parse(key) as DeclaredResources;
  return {
    ...EMPTY_JOB,
    submission_id: id,
    entrypoint: 'exec true',
    entrypoint_num_cpus: cpu,
    entrypoint_num_gpus: gpu,
    // Ray takes whole bytes only.
    ...(memory === 0 ? {} : { entrypoint_memory: Math.ceil(memory) }),
    entrypoint_resources: custom,
    // Ray's list of jobs does not show their resources.
    metadata: { nbserve: cluster, wants: key },
  };
}

function takeFrom(list: string[], value: string): boolean {
  const at = list.indexOf(value);
  if (at < 0) return false;
  list.splice(at, 1);
  return true;
}
