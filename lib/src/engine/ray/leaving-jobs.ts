import { type Log, shortId } from '../../core/index.js';
import type { RayApi, RayJob } from './ray-api.js';

/** The pause between two cancelling jobs; it is longer than one of them takes. */
const AGAIN_MS = 15_000;
/** A job that Ray does not know is forgotten after so many looks: if its submission had no answer in time, Ray may still get to it. */
const UNKNOWN_LOOKS = 15;

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

/** What a job has that takes nothing of Ray. */
export const EMPTY_JOB = {
  entrypoint_num_cpus: 0,
  entrypoint_num_gpus: 0,
  entrypoint_label_selector: {},
  runtime_env: { env_vars: { CUDA_VISIBLE_DEVICES: '' } },
} as const;

export interface LeavingJobsOptions {
  readonly api: Pick<RayApi, 'submit' | 'job' | 'stop' | 'remove'>;
  /** The name of the cluster in the metadata of its jobs. */
  readonly cluster: string;
  readonly log: Pick<Log, 'info' | 'warn'>;
  readonly now?: () => number;
}

/** Jobs that are to end. Each is looked at until it has ended, so that a failed call to Ray leaves none behind. */
export class LeavingJobs {
  readonly #options: LeavingJobsOptions;
  readonly #now: () => number;
  /** The jobs by id; true if Ray's list is to lose the job when it has ended. */
  readonly #jobs = new Map<string, boolean>();
  /** How often Ray did not know a job, one time after the other. */
  readonly #unknown = new Map<string, number>();
  #notBefore = Number.NEGATIVE_INFINITY;

  constructor(options: LeavingJobsOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** @param isRemoved whether it is removed from Ray's list when it has ended; otherwise its log can still be read */
  add(job: string, isRemoved: boolean): void {
    this.#jobs.set(job, isRemoved);
    // It may have to be cancelled at once.
    this.#notBefore = Number.NEGATIVE_INFINITY;
  }

  /** Looks at each, and ends those that have not ended. What fails is tried again by the next call. */
  async tend(): Promise<void> {
    const jobs = [...this.#jobs.keys()];
    const looks = await Promise.allSettled(jobs.map((job) => this.#waits(job)));
    const waiting = jobs.filter((_, index) => {
      const look = looks[index];
      return look?.status === 'fulfilled' && look.value;
    });
    if (waiting.length > 0 && this.#notBefore <= this.#now()) await this.#cancel(waiting);
    for (const look of looks) if (look.status === 'rejected') throw look.reason;
  }

  /** Whether it waits for room. If it has ended, it is forgotten. */
  async #waits(job: string): Promise<boolean> {
    const { api } = this.#options;
    const status = (await api.job(job))?.status;
    if (status === 'PENDING' || status === 'RUNNING') {
      this.#unknown.delete(job);
      // A job that starts at this moment obeys the order to stop.
      if (!isCanceller(job)) await api.stop(job);
      return status === 'PENDING' && !isCanceller(job);
    }
    if (status === undefined) {
      const looks = (this.#unknown.get(job) ?? 0) + 1;
      this.#unknown.set(job, looks);
      if (looks < UNKNOWN_LOOKS) return false;
    } else if (this.#jobs.get(job) === true) await api.remove(job);
    this.#jobs.delete(job);
    this.#unknown.delete(job);
    return false;
  }

  async #cancel(jobs: readonly string[]): Promise<void> {
    const { api, cluster, log } = this.#options;
    const job = `nbserve-${cluster}${CANCELS}${shortId(6)}`;
    this.#jobs.set(job, true);
    const submitted: RayJob = {
      ...EMPTY_JOB,
      submission_id: job,
      entrypoint: `${CANCEL} ${jobs.join(' ')}`,
      metadata: { nbserve: cluster },
    };
    await api.submit(submitted);
    this.#notBefore = this.#now() + AGAIN_MS;
    log.info(`Ray is told to end what waits: ${jobs.join(', ')}`);
  }
}

const CANCELS = '-cancels-';
const isCanceller = (job: string): boolean => job.includes(CANCELS);
