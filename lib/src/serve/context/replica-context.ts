import { AsyncLocalStorage } from 'node:async_hooks';
import type { ReplicaContext } from './types.js';

let ofProcess: ReplicaContext | null = null;
const ofLocal = new AsyncLocalStorage<ReplicaContext>();

/** This process is one replica. */
export function setReplicaContext(context: ReplicaContext): void {
  ofProcess = context;
}

/** Runs code of a replica that is one of several in this process. */
export const enterReplica = <T>(context: ReplicaContext, run: () => T): T => ofLocal.run(context, run);

/** `null` outside of replicas. */
export const replicaContext = (): ReplicaContext | null => ofProcess ?? ofLocal.getStore() ?? null;
