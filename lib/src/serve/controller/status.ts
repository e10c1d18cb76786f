import {
  type ApplicationStatus,
  type DeploymentKey,
  DeploymentState,
  type DeploymentStatus,
  deploymentKey,
  type ServeStatus,
} from '../protocol/index.js';
import { type ActualView, byDeployment, type Replica } from './actual.js';
import type { AppHealth } from './health.js';

/**
 * The status that users see. Pure.
 * @param faults what else there is to say of a deployment
 */
export function buildStatus(
  url: string,
  apps: ReadonlyMap<string, AppHealth>,
  actual: ActualView,
  faults: ReadonlyMap<DeploymentKey, string> = new Map(),
): ServeStatus {
  const present = byDeployment(actual);
  const entries = [...apps].map(([name, health]) => [name, appStatus(name, health, present, faults)]);
  return { url, applications: Object.fromEntries(entries) };
}

function appStatus(
  name: string,
  { state, message, shown, deployments }: AppHealth,
  present: ReadonlyMap<DeploymentKey, readonly Readonly<Replica>[]>,
  faults: ReadonlyMap<DeploymentKey, string>,
): ApplicationStatus {
  const { spec, acceptedAt } = shown;
  const entries = spec.deployments.map((deployment): [string, DeploymentStatus] => {
    const health = deployments.get(deployment.name);
    return [
      deployment.name,
      {
        status: health?.state ?? DeploymentState.UPDATING,
        message: [health?.message, faults.get(deploymentKey(name, deployment.name))].filter(Boolean).join('; '),
        version: deployment.version,
        numReplicas: deployment.config.numReplicas,
        replicas: (present.get(deploymentKey(name, deployment.name)) ?? []).map(({ id, state: replicaState, pid }) => ({
          id,
          state: replicaState,
          pid,
        })),
      },
    ];
  });
  return {
    status: state,
    message,
    routePrefix: spec.routePrefix,
    ingress: spec.ingress,
    lastDeployedAt: acceptedAt,
    deployments: Object.fromEntries(entries),
  };
}
