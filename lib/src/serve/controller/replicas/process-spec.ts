import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { gpuOrder, keepsVisibleGpus, replicaSocket, shortId } from '../../../core/index.js';
import type { ProcessSpec } from '../../../engine/index.js';
import type {
  Allocation,
  DeploymentConfig,
  DeploymentKey,
  DeploymentSpec,
  ReplicaArgs,
  Resources,
  Surroundings,
} from '../../protocol/index.js';

export const ID_LENGTH = 6;
/**
 * The engine has a deadline too, but only in case the controller has ended. It is later than the controller's own, which is the deployment's
 * `startupTimeout`.
 */
const ENGINE_MARGIN_MS = 30_000;

/** `Chat#k3f9a2` */
export function newReplicaId(deployment: string, taken: (id: string) => boolean): string {
  for (;;) {
    const id = `${deployment}#${shortId(ID_LENGTH)}`;
    if (!taken(id)) return id;
  }
}

/** Environment and working folder of the replica's process, as its deployment and its node require. */
export function surroundingsOf(dir: string, { code, config }: DeploymentSpec, allocation: Allocation | null): Surroundings {
  const folder = code.kind === 'module' ? dirname(code.file) : code.folder;
  const { workingDir, nodeFlags } = config.runtimeEnv ?? {};
  return {
    env: { ...devices(config, allocation), ...threads(config.resources), ...config.env.variables },
    ...(config.env.inherit === true ? {} : { inherit: config.env.inherit }),
    // The user asked for `workingDir`. If it is gone, the replica says so.
    cwd: workingDir ?? (existsSync(folder) ? folder : dir),
    ...(nodeFlags === undefined ? {} : { nodeFlags }),
  };
}

/**
 * A replica sees only the GPUs that it was given; otherwise each could see and fill all of them. A replica with a part of a GPU also gets that part of its
 * processors, if NVIDIA's Multi-Process Service runs; nothing else reads that variable.
 */
function devices({ resources: { gpu }, env }: DeploymentConfig, allocation: Allocation | null): Record<string, string> {
  const share = gpu > 0 && gpu < 1 ? { CUDA_MPS_ACTIVE_THREAD_PERCENTAGE: String(Math.max(1, Math.round(gpu * 100))) } : {};
  if (keepsVisibleGpus(env.variables)) return share;
  const gpus = allocation?.gpus ?? [];
  // By itself, CUDA counts the fastest GPU first, and so may mean another one by the same number.
  const order: Record<string, string> = gpus.length === 0 ? {} : { CUDA_DEVICE_ORDER: gpuOrder() ?? 'PCI_BUS_ID' };
  return { CUDA_VISIBLE_DEVICES: gpus.join(','), ...order, ...share };
}

export interface ReplicaProcess {
  readonly dir: string;
  readonly main: string;
  /** Id of the replica or of the spare process. */
  readonly id: string;
  /** The deployment whose output it prints; absent for a spare process. */
  readonly logGroup?: DeploymentKey;
  readonly surroundings: Surroundings;
  readonly node?: string | undefined;
  /** If absent, the engine's own limit applies. */
  readonly startupTimeoutMs?: number;
  readonly preload?: readonly string[];
}

export function replicaProcess({
  dir,
  main,
  id,
  logGroup,
  surroundings,
  node,
  startupTimeoutMs,
  preload = [],
}: ReplicaProcess): ProcessSpec {
  const args: ReplicaArgs = { dir, replicaId: id, socketPath: replicaSocket(dir, id), ...(preload.length > 0 && { preload }) };
  const timeout = startupTimeoutMs === undefined ? {} : { startTimeoutMs: startupTimeoutMs + ENGINE_MARGIN_MS };
  const where = { ...(logGroup !== undefined && { logGroup }), ...(node !== undefined && { node }) };
  // If the folder does not exist, spawn would fail with an error that names the node program instead.
  const cwd = existsSync(surroundings.cwd) ? surroundings.cwd : dir;
  return { id, role: 'replica', label: id, main, args, ...surroundings, cwd, ...where, ...timeout };
}

/**
 * Limits the threads of libraries, which otherwise use all cores: numeric libraries, libvips for one picture, and Node's thread pool (its size is
 * read when a process first uses it) for the pictures that sharp works on at the same time.
 */
function threads({ cpu }: Resources): Record<string, string> {
  if (cpu === 0) return {};
  const cpus = Math.max(1, Math.floor(cpu));
  const count = String(cpus);
  return { OMP_NUM_THREADS: count, VIPS_CONCURRENCY: count, UV_THREADPOOL_SIZE: String(cpus + 1) };
}
