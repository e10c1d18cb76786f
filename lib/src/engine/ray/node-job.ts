import type { DeclaredResources } from '../engine.js';
import type { JoinArguments } from '../machines.js';
import type { RayJob, RayNode } from './ray-api.js';

/** Resources that Ray adds by itself. */
const RAYS_OWN = /^(?:CPU|GPU|memory|object_store_memory|node:.*|accelerator_type:.*)$/;
/** When the cluster ends, Ray may not be reachable, so a waiting job is not cancelled. Such a job ends this many seconds after it starts. */
const WAIT_SECONDS = 60;

export interface NodeJobOptions {
  readonly id: string;
  readonly node: RayNode;
  /** The file that joins a cluster, on the node's machine. */
  readonly main: string;
  readonly head: string;
  readonly pin: string;
  readonly cluster: string;
  /** The paths of the user's certificates on each node. */
  readonly tls?: JoinArguments['tls'];
}

/** What nbserve takes of a node: all of it. */
export function shareOf({ resources }: RayNode): Required<Omit<DeclaredResources, 'memory'>> & DeclaredResources {
  return {
    cpu: resources.CPU ?? 0,
    gpu: Math.floor(resources.GPU ?? 0),
    ...(resources.memory === undefined ? {} : { memory: Math.floor(resources.memory) }),
    custom: Object.fromEntries(Object.entries(resources).filter(([name]) => !RAYS_OWN.test(name))),
  };
}

/** The job that is the agent of a node. It runs on that node only, holds its share, and contains no secret. */
export function nodeJob({ id, node, main, head, pin, cluster, tls }: NodeJobOptions): RayJob {
  const { cpu, gpu, memory, custom } = shareOf(node);
  const args: JoinArguments = { head, pin, host: node.ip, ...(tls && { tls }), waitSeconds: WAIT_SECONDS };
  return {
    submission_id: id,
    // The shell is replaced, so that a signal of Ray reaches the agent.
    entrypoint: `exec node ${quoted(main)} ${quoted(JSON.stringify(args))}`,
    entrypoint_num_cpus: cpu,
    entrypoint_num_gpus: gpu,
    ...(memory === undefined ? {} : { entrypoint_memory: memory }),
    entrypoint_resources: custom,
    entrypoint_label_selector: { 'ray.io/node-id': node.id },
    // A job that asks for no GPU would see all of them.
    runtime_env: { env_vars: gpu === 0 ? { CUDA_VISIBLE_DEVICES: '' } : {} },
    metadata: { nbserve: cluster, node: node.id },
  };
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
