import { join } from 'node:path';

/** The folder of a cluster: what its processes find there under which name. Socket paths are limited, so their names are short. */

/** The longest name that a socket has there. */
export const LONGEST_SOCKET_NAME = 'r-xxxxxxxxxxxx.sock';

export const tokenFile = (dir: string): string => join(dir, 'token');
/** Who started the cluster. */
export const ownerFile = (dir: string): string => join(dir, 'owner.json');
/** Exists once the cluster is up. */
export const agentFile = (dir: string): string => join(dir, 'agent.json');
/** The controller's target state. */
export const checkpointFile = (dir: string): string => join(dir, 'checkpoint.json');
export const logsFolder = (dir: string): string => join(dir, 'logs');

/** Holds the blobs: code and values, each under its SHA-256 in hex. */
export const blobFolder = (dir: string): string => join(dir, 'code');
export const blobPath = (dir: string, hash: string): string => join(blobFolder(dir), hash);

/** The control socket of the head's agent; with a number, that of the agent of another node. */
export const agentSocket = (dir: string, node?: number): string => join(dir, node === undefined ? 'a.sock' : `a-${node}.sock`);
export const controllerSocket = (dir: string): string => join(dir, 'c.sock');
/** Whatever the deployment of the replica is called, only the end of the id goes into the name. */
export const replicaSocket = (dir: string, replicaId: string): string =>
  join(dir, `r-${replicaId.slice(replicaId.lastIndexOf('#') + 1)}.sock`);
