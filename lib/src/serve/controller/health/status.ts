import { type Gpu, isNbserveError } from '../../../core/index.js';
import type { NodeInfo } from '../../../engine/index.js';
import {
  type Allocation,
  type ApplicationStatus,
  type AppSpec,
  AppState,
  type DeploymentKey,
  DeploymentState,
  type DeploymentStatus,
  deploymentKey,
  type FailureStatus,
  type GpuStatus,
  type NodeStatus,
  type ServeStatus,
  type TrafficStatus,
} from '../../protocol/index.js';
import { type ActualView, byDeployment, type Failure, freeOf, type ReplicaRecord } from '../replicas/index.js';
import { groupKey } from '../target/index.js';
import type { AppHealth, DeploymentHealth } from './health.js';

/** What the status contains besides the states of applications. */
export interface ClusterFacts {
  readonly url: string;
  /** `''` if no gRPC is answered. */
  readonly grpc: string;
  /** Problems of the cluster itself. */
  readonly warnings: readonly string[];
  /** Other problems of a deployment. */
  readonly faults: ReadonlyMap<DeploymentKey, string>;
  readonly traffic: Readonly<Record<string, TrafficStatus>>;
  /** The GPUs of the head's machine. */
  readonly gpus: readonly Gpu[];
}

/** The status that users see. Pure. */
export function buildStatus(
  { url, grpc, warnings, faults, traffic, gpus }: ClusterFacts,
  apps: ReadonlyMap<string, AppHealth>,
  actual: ActualView,
): ServeStatus {
  const present = byDeployment(actual);
  const held = [...actual.replicas.values()].flatMap(({ allocation }) => (allocation === null ? [] : [allocation]));
  const nodes = (actual.nodes ?? []).map((node) => nodeStatus(node, held, gpus));
  const entries = [...apps].map(([name, health]) => [name, appStatus(name, health, present, faults, actual)]);
  return { url, grpc, warnings, nodes, applications: Object.fromEntries(entries), traffic };
}

function nodeStatus(node: NodeInfo, held: readonly Allocation[], described: readonly Gpu[]): NodeStatus {
  const { id, ip, alive, url = null, grpc = null, isJoined = false, resources } = node;
  const { cpu, gpus, memory, custom } = resources;
  const shown = gpus.length === 0 ? {} : { gpus: gpus.map((name) => gpuStatus(name, isJoined ? [] : described)) };
  return { id, ip, alive, url, grpc, total: { cpu, gpu: gpus.length, memory, custom }, free: freeOf(node, held), ...shown };
}

/** @param id a number or a UUID */
function gpuStatus(id: string, described: readonly Gpu[]): GpuStatus {
  const gpu = described.find(({ index, uuid }) => index === id || uuid === id);
  if (gpu === undefined) return { id };
  const { name, uuid, memoryBytes: memory, usedBytes: used, utilization } = gpu;
  return {
    id,
    name,
    ...(uuid === undefined ? {} : { uuid }),
    ...(memory === undefined ? {} : { memory }),
    ...(used === undefined ? {} : { used }),
    ...(utilization === undefined ? {} : { utilization }),
  };
}

function appStatus(
  name: string,
  { state, message, shown, deployments }: AppHealth,
  present: ReadonlyMap<DeploymentKey, readonly Readonly<ReplicaRecord>[]>,
  faults: ReadonlyMap<DeploymentKey, string>,
  { failures }: ActualView,
): ApplicationStatus {
  const { spec, acceptedAt } = shown;
  const entries = spec.deployments.map((deployment): [string, DeploymentStatus] => {
    const health = ends(state) ?? deployments.get(deployment.name);
    const failure = failures.get(groupKey(name, deployment.name, deployment.replicaHash));
    return [
      deployment.name,
      {
        status: health?.state ?? DeploymentState.UPDATING,
        message: [health?.message, faults.get(deploymentKey(name, deployment.name))].filter(Boolean).join('; '),
        version: deployment.version,
        numReplicas: deployment.config.numReplicas,
        ...(deployment.graph === undefined ? {} : { graph: deployment.graph }),
        ...(failure === undefined ? {} : { lastFailure: failureStatus(failure) }),
        replicas: (present.get(deploymentKey(name, deployment.name)) ?? []).map(
          ({ id, state: replicaState, pid, allocation, blocked, silentSince, models }) => ({
            id,
            state: replicaState,
            pid,
            node: allocation?.node ?? null,
            ...((blocked !== null || silentSince !== null) && { blockedSince: blocked?.since ?? silentSince ?? 0 }),
            ...(models.length > 0 && { models }),
          }),
        ),
      },
    ];
  });
  return {
    status: state,
    message: message === '' ? faultsOf(name, spec, faults) : message,
    routePrefix: spec.routePrefix,
    ingress: spec.ingress,
    lastDeployedAt: acceptedAt,
    deployments: Object.fromEntries(entries),
  };
}

function failureStatus({ error, count, retryAt }: Failure): FailureStatus {
  // A failed start has the reason as its cause.
  const coded = [error.cause, error].find(isNbserveError);
  return { code: coded?.code ?? '', message: error.message, count, retryAt };
}

/** The state of every deployment of an application that is being deleted or that failed; otherwise undefined. */
function ends(state: AppState): DeploymentHealth | undefined {
  if (state === AppState.DEPLOY_FAILED)
    return { state: DeploymentState.FAILED, message: 'no replica runs, because the application could not be brought up' };
  return state === AppState.DELETING ? { state: DeploymentState.UPDATING, message: 'it is being deleted' } : undefined;
}

/** Problems of deployments that have all their replicas. */
function faultsOf(app: string, { deployments }: AppSpec, faults: ReadonlyMap<DeploymentKey, string>): string {
  return deployments
    .flatMap(({ name }) => {
      const fault = faults.get(deploymentKey(app, name));
      return fault === undefined ? [] : [`${name}: ${fault}`];
    })
    .join('; ');
}
