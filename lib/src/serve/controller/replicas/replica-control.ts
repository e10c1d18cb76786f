import { type Channel, connectPlace, helloOf, opCaller, ProtocolViolation } from '../../../ipc/index.js';
import {
  type DeploymentConfig,
  type ModelStatus,
  modelsFault,
  type ReplicaInit,
  type ReplicaOps,
  type ReplicaReady,
  type ReplicaStatus,
  readyFault,
} from '../../protocol/index.js';
import { askFunction } from './ask-function.js';

/** The controller's connection to one replica. */
export interface ReplicaControl {
  /** @throws the constructor's error; NBS_PEER_GONE if the process has ended */
  initialize(init: ReplicaInit): Promise<ReplicaReady>;
  status(timeoutMs: number): Promise<ReplicaStatus>;
  /** Resolves with the models that the replica has loaded. @throws what the user's `checkHealth` throws. There is no time limit: the caller decides how long it may take. */
  checkHealth(): Promise<readonly ModelStatus[]>;
  /** Calls a deployment that is a function. @throws what it throws; NBS_DEADLINE, NBS_PEER_GONE */
  ask(argument: unknown, timeoutMs: number): Promise<unknown>;
  /** @throws what the user's `reconfigure` throws */
  reconfigure(config: DeploymentConfig): Promise<void>;
  /** Resolves when the requests in progress have ended, or after `timeoutMs`. */
  drain(timeoutMs: number): Promise<void>;
  /** There is no connection yet: nothing that was asked has reached the replica. */
  readonly isWaiting?: boolean;
  /** Resolves when the connection has ended; never rejects. */
  readonly closed: Promise<void>;
  close(): void;
}

/** @param place the path of its Unix socket, or what `Engine.start` returned */
export type ConnectControl = (place: string) => Promise<ReplicaControl>;

const CONNECT_TIMEOUT_MS = 5000;
/** The replica keeps the deadline of a drain itself. This is added for a replica that does not answer. */
const DRAIN_ANSWER_MS = 2000;

/** Connects to replicas over their sockets. */
export function controlConnector(dir: string, token: string): ConnectControl {
  const hello = helloOf('controller', 'controller');
  return async (place) => linkOf(await connectPlace(dir, place, { token, hello, timeoutMs: CONNECT_TIMEOUT_MS }));
}

function linkOf(channel: Channel): ReplicaControl {
  const call = opCaller<ReplicaOps>(channel);
  return {
    initialize: async (init) => {
      const ready = await call('initialize', init);
      const fault = readyFault(ready);
      if (fault !== null) throw ProtocolViolation({ peer: `replica ${init.replicaId}`, reason: fault });
      return ready;
    },
    status: (timeoutMs) => call('status', undefined, { timeoutMs }),
    checkHealth: async () => {
      const models = await call('checkHealth', undefined);
      return modelsFault(models) === null ? models : [];
    },
    ask: (argument, timeoutMs) => askFunction(channel, argument, timeoutMs),
    reconfigure: async (config) => void (await call('reconfigure', { config })),
    drain: async (timeoutMs) => void (await call('drain', { timeoutMs }, { timeoutMs: timeoutMs + DRAIN_ANSWER_MS })),
    closed: channel.closed,
    close: () => channel.close(),
  };
}
