import { type Log, shortId } from '../../core/index.js';
import type { DeclaredResources } from '../engine.js';
import type { RayApi, RayJob, RayJobInfo } from './ray-api.js';

/** At most so many jobs wait at a time. When nodes have come, the next ones are shown. */
const MAX_SHOWN = 16;
/** A job that Ray could start, although our nodes have no room, is not submitted again before this time. */
const PAUSE_MS = 30_000;
const ENDED: readonly string[] = ['SUCCEEDED', 'FAILED', 'STOPPED'];

/**
 * Ray does not end a job that waits: its supervisor is an actor that reads the order to stop when it has started. So another job kills that actor. It runs
 * with the Python that Ray itself runs: the parent of a job is its supervisor, whose parent is the raylet, which is told where Python is.
 */
const CANCEL = [
  `raylet=$(awk '{print $4}' /proc/$PPID/stat)`,
  `python=$(tr '\\0' '\\n' < /proc/$raylet/cmdline | sed -n 's/^--python_worker_command=\\([^ ]*\\).*/\\1/p')`,
  `exec "\${python:-python3}" -c '
import ray, sys
ray.init(log_to_driver=False)
for job in sys.argv[1:]:
    try:
        ray.kill(ray.get_actor("_ray_internal_job_actor_" + job, namespace="SUPERVISOR_ACTOR_RAY_NAMESPACE"))
    except ValueError:
        pass
'`,
].join('; ');

export interface RayDemandOptions {
  readonly api: Pick<RayApi, 'submit' | 'job' | 'stop' | 'remove'>;
  /** The name of the cluster in the metadata of its jobs. */
  readonly cluster: string;
  readonly log: Pick<Log, 'info' | 'warn'>;
  readonly now?: () => number;
}

interface Shown {
  readonly job: string;
  readonly key: string;
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
  /** Jobs that are to be removed from Ray's list when they have ended. */
  readonly #leaving = new Set<string>();
  readonly #notBefore = new Map<string, number>();

  constructor(options: RayDemandOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** What each waiting replica takes; it replaces what was said before. */
  want(bundles: readonly DeclaredResources[]): void {
    this.#wanted = bundles.slice(0, MAX_SHOWN).map((bundle) => JSON.stringify(bundle));
  }

  /** Submits and cancels jobs as necessary. */
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
    await this.#cancel(left);
    for (const key of missing) {
      const job = `nbserve-${this.#options.cluster}-wants-${shortId(6)}`;
      await this.#options.api.submit(waitingJob(job, this.#options.cluster, key));
      this.#shown = [...this.#shown, { job, key }];
      this.#options.log.info(`Ray is asked for ${key}`);
    }
  }

  /** Cancels all. */
  async close(): Promise<void> {
    this.#wanted = [];
    const left = this.#shown;
    this.#shown = [];
    await this.#cancel(left);
  }

  /** Forgets jobs that have ended. */
  async #look(): Promise<void> {
    const { api } = this.#options;
    const infos = await Promise.all(this.#shown.map(({ job }) => api.job(job).catch(goneJob)));
    for (const [index, { status }] of infos.entries()) {
      const one = this.#shown[index];
      if (one === undefined || status === 'PENDING' || status === 'RUNNING') continue;
      this.#notBefore.set(one.key, this.#now() + PAUSE_MS);
      this.#leaving.add(one.job);
    }
    this.#shown = this.#shown.filter(({ job }) => !this.#leaving.has(job));
    for (const job of [...this.#leaving]) {
      const { status } = await api.job(job).catch(goneJob);
      if (!ENDED.includes(status)) continue;
      this.#leaving.delete(job);
      await api.remove(job).catch(() => {});
    }
  }

  async #cancel(those: readonly Shown[]): Promise<void> {
    if (those.length === 0) return;
    const { api, cluster, log } = this.#options;
    const job = `nbserve-${cluster}-cancels-${shortId(6)}`;
    const jobs = those.map((one) => one.job);
    for (const one of [...jobs, job]) this.#leaving.add(one);
    for (const { key } of those) this.#notBefore.delete(key);
    // A job that starts at this moment obeys the order to stop.
    await Promise.all(jobs.map((one) => api.stop(one).catch(() => {})));
    await api.submit({ ...EMPTY, submission_id: job, entrypoint: `${CANCEL} ${jobs.join(' ')}`, metadata: { nbserve: cluster } });
    log.info(`Ray is no longer asked for ${those.map(({ key }) => key).join(', ')}`);
  }
}

const EMPTY = {
  entrypoint_num_cpus: 0,
  entrypoint_num_gpus: 0,
  entrypoint_label_selector: {},
  runtime_env: { env_vars: { CUDA_VISIBLE_DEVICES: '' } },
} as const;

function waitingJob(id: string, cluster: string, key: string): RayJob {
  const { cpu = 0, gpu = 0, memory = 0, custom = {} } = JSON.parse(key) as DeclaredResources;
  return {
    ...EMPTY,
    submission_id: id,
    entrypoint: 'exec true',
    entrypoint_num_cpus: cpu,
    entrypoint_num_gpus: gpu,
    ...(memory === 0 ? {} : { entrypoint_memory: memory }),
    entrypoint_resources: custom,
    // Ray's list of jobs does not show their resources.
    metadata: { nbserve: cluster, wants: key },
  };
}

/** Somebody has removed it from Ray's list. */
const goneJob = (): Pick<RayJobInfo, 'status'> => ({ status: 'STOPPED' });

function takeFrom(list: string[], value: string): boolean {
  const at = list.indexOf(value);
  if (at < 0) return false;
  list.splice(at, 1);
  return true;
}
