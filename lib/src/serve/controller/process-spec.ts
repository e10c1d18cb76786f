import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { shortId } from '../../core/index.js';
import type { ProcessSpec } from '../../engine/index.js';
import type { Allocation, DeploymentSpec, ReplicaArgs, Resources } from '../protocol/index.js';

const ID_LENGTH = 6;
/** The engine's own deadline, only for the case that the controller is gone: its own is the deployment's start-up time. */
const ENGINE_MARGIN_MS = 30_000;

/** `Chat#k3f9a2` */
export function newReplicaId(deployment: string, taken: (id: string) => boolean): string {
  for (;;) {
    const id = `${deployment}#${shortId(ID_LENGTH)}`;
    if (!taken(id)) return id;
  }
}

/** The replica's socket. Short, whatever its deployment is called: socket paths are limited. */
export function replicaSocket(dir: string, replicaId: string): string {
  return join(dir, `r-${replicaId.slice(replicaId.lastIndexOf('#') + 1)}.sock`);
}

export interface ReplicaProcess {
  readonly dir: string;
  readonly main: string;
  readonly replicaId: string;
  readonly spec: DeploymentSpec;
  readonly allocation: Allocation | null;
  readonly startupTimeoutMs: number;
}

export function replicaProcess({ dir, main, replicaId, spec, allocation, startupTimeoutMs }: ReplicaProcess): ProcessSpec {
  const args: ReplicaArgs = { dir, replicaId, socketPath: replicaSocket(dir, replicaId) };
  const folder = spec.code.kind === 'source' ? spec.code.folder : dirname(spec.code.file);
  return {
    id: replicaId,
    role: 'replica',
    label: replicaId,
    main,
    args,
    ...(allocation === null ? {} : { node: allocation.node }),
    // No GPU unless one is assigned: else each replica would see, and might fill, all of them.
    env: { CUDA_VISIBLE_DEVICES: (allocation?.gpus ?? []).join(','), ...threads(spec.config.resources), ...spec.config.env },
    // A folder that is gone would fail the spawn with an error that names node instead.
    cwd: existsSync(folder) ? folder : dir,
    startTimeoutMs: startupTimeoutMs + ENGINE_MARGIN_MS,
  };
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
