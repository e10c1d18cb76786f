import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { replicaSocket, shortId } from '../../../core/index.js';
import type { ProcessSpec } from '../../../engine/index.js';
import type { Allocation, DeploymentKey, DeploymentSpec, ReplicaArgs, Resources, Surroundings } from '../../protocol/index.js';

export const ID_LENGTH = 6;
/** The engine's own deadline, only for the case that the controller is gone: its own is the deployment's start-up time. */
const ENGINE_MARGIN_MS = 30_000;

/** `Chat#k3f9a2` */
export function newReplicaId(deployment: string, taken: (id: string) => boolean): string {
  for (;;) {
    const id = `${deployment}#${shortId(ID_LENGTH)}`;
    if (!taken(id)) return id;
  }
}

/** What the replica's process has around it, as its deployment and the node ask for it. */
export function surroundingsOf(dir: string, { code, config }: DeploymentSpec, allocation: Allocation | null): Surroundings {
  const folder = code.kind === 'source' ? code.folder : dirname(code.file);
  return {
    // No GPU unless one is assigned: else each replica would see, and might fill, all of them.
    env: { CUDA_VISIBLE_DEVICES: (allocation?.gpus ?? []).join(','), ...threads(config.resources), ...config.env.variables },
    ...(config.env.inherit === true ? {} : { inherit: config.env.inherit }),
    // A folder that is gone would fail the spawn with an error that names node instead.
    cwd: existsSync(folder) ? folder : dir,
  };
}

export interface ReplicaProcess {
  readonly dir: string;
  readonly main: string;
  /** Of the replica, or of a spare process. */
  readonly id: string;
  /** Of the deployment whose output it prints. None of a spare process. */
  readonly logGroup?: DeploymentKey;
  readonly surroundings: Surroundings;
  readonly node?: string | undefined;
  /** None: the engine's own. */
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
  return { id, role: 'replica', label: id, main, args, ...surroundings, ...where, ...timeout };
}

/**
 * Libraries take all cores otherwise: numeric ones, libvips for one picture, and Node's pool (read when a process first uses it) for the
 * pictures that sharp works on at a time.
 */
function threads({ cpu }: Resources): Record<string, string> {
  if (cpu === 0) return {};
  const count = String(Math.max(1, Math.floor(cpu)));
  return { OMP_NUM_THREADS: count, VIPS_CONCURRENCY: count, UV_THREADPOOL_SIZE: count };
}
