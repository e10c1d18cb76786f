import { type CallHandler, handleOps } from '../../ipc/index.js';
import type { WorkerOps } from '../agent-ops.js';
import { BlobReceiver, keepBlobs, renewBlob } from '../blob-store.js';
import type { DeclaredResources, NodeResources, ProcessSpec } from '../engine.js';
import type { Agent } from './agent.js';
import { nodeResources } from './node-resources.js';

export interface WorkerOpsOptions {
  readonly host: string;
  /** The URL of its proxy. */
  readonly url?: string | undefined;
  readonly declared: DeclaredResources;
  /** Resolves when the node's proxy is ready. */
  readonly serving?: () => Promise<unknown>;
  /** Resolves when the node leaves the cluster. */
  readonly leaving: Promise<void>;
  /** Makes the specs of the head's machine those of this one. */
  readonly localSpec?: (spec: ProcessSpec) => ProcessSpec;
  /** Called when the head asks whether this agent works, which it does at least every six seconds. */
  readonly onPing?: () => void;
  /** Called with a new certificate. */
  readonly onRenew?: (cert: string) => void;
  /** Called when the head ends the node. */
  readonly onLeave?: () => void;
  /** Called when the head does not take the node. */
  readonly onRefused?: () => void;
}

/** The list of blobs to keep may have been made before the newest blob was sent. */
const BLOB_GRACE_MS = 10 * 60_000;

/** What the agent of a node answers to the head's agent. */
export function workerOps(dir: string, agent: Agent, options: WorkerOpsOptions): CallHandler {
  const { host, url, declared, serving, leaving, localSpec = (spec) => spec, onPing, onRenew, onLeave, onRefused } = options;
  const blobs = new BlobReceiver(dir);
  return handleOps<WorkerOps>({
    start: (spec) => agent.start(localSpec(spec)),
    rename: ({ id, to, logGroup }) => agent.rename(id, to, logGroup),
    stop: ({ id, graceMs }) => agent.stop(id, graceMs),
    list: () => agent.list(),
    logs: (request, call) => agent.logs(request, call),
    exits: (request, call) => agent.exits(request, call),
    ping: () => {
      onPing?.();
      return undefined;
    },
    untilLeaving: async () => void (await leaving),
    machine: async () => ({ ip: host, ...(url && { url }), resources: (await nodeResources([declared]))[0] as NodeResources }),
    renew: ({ cert }) => {
      onRenew?.(cert);
      return undefined;
    },
    refused: () => {
      onRefused?.();
      return undefined;
    },
    hasBlob: ({ hash }) => renewBlob(dir, hash),
    keepBlobs: ({ hashes }) => keepBlobs(dir, new Set(hashes), BLOB_GRACE_MS) as undefined,
    putBlob: (piece) => blobs.take(piece),
    serving: async () => void (await serving?.()),
    stopFront: async ({ graceMs }) => void (await agent.stopFront(graceMs)),
    stopReplicas: async ({ graceMs }) => void (await agent.stopReplicas(graceMs)),
    end: async () => {
      onLeave?.();
      await agent.end();
      return undefined;
    },
    killAll: async () => {
      onLeave?.();
      await agent.killAll();
      return undefined;
    },
  });
}
