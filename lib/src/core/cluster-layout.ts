import { join } from 'node:path';

/** The names of the files in a cluster's folder. The length of a socket's path is limited, so the names of sockets are short. */

/** The longest name of a socket in that folder. */
export const LONGEST_SOCKET_NAME = 'r-xxxxxxxxxxxx.sock';

export const tokenFile = (dir: string): string => join(dir, 'token');
/** This file says who started the cluster. */
export const ownerFile = (dir: string): string => join(dir, 'owner.json');
/** This file exists when the cluster is up. */
export const agentFile = (dir: string): string => join(dir, 'agent.json');
/** This file says at which address the REST API listens. */
export const dashboardFile = (dir: string): string => join(dir, 'dashboard.json');
/** This file holds the controller's target state. */
export const checkpointFile = (dir: string): string => join(dir, 'checkpoint.json');
/** This file lists the applications that drivers are about to deploy. */
export const expectedFile = (dir: string): string => join(dir, 'expected.json');
/** This file holds what gRPC needs: the services, and the messages that they take. It exists if the cluster answers gRPC. */
export const grpcFile = (dir: string): string => join(dir, 'grpc.json');
/** This folder has a file for each text that one process has said for all. */
export const saidFolder = (dir: string): string => join(dir, 'said');
/** This file holds the node's certificate, and the addresses of the cluster. It exists if the cluster is on several machines. */
export const nodeFile = (dir: string): string => join(dir, 'node.json');
export const logsFolder = (dir: string): string => join(dir, 'logs');

/** This folder holds the blobs: code and values, each under its SHA-256 in hex. */
export const blobFolder = (dir: string): string => join(dir, 'code');
export const blobPath = (dir: string, hash: string): string => join(blobFolder(dir), hash);

/** The control socket of the head's agent; with a number, the control socket of another node's agent. */
export const agentSocket = (dir: string, node?: number): string => join(dir, node === undefined ? 'a.sock' : `a-${node}.sock`);
export const controllerSocket = (dir: string): string => join(dir, 'c.sock');
/** Only the end of the replica's id goes into the name, so the length does not depend on the deployment's name. */
export const replicaSocket = (dir: string, replicaId: string): string =>
  join(dir, `r-${replicaId.slice(replicaId.lastIndexOf('#') + 1)}.sock`);
/** The socket at which a replica waits for a debugger. It exists from the moment a driver asks for it until the debugger has connected. */
export const debugSocket = (dir: string, replicaId: string): string =>
  join(dir, `d-${replicaId.slice(replicaId.lastIndexOf('#') + 1)}.sock`);
