import { type ApplicationStatus, DeploymentState, type DeploymentStatus, type ServeStatus } from '../protocol/index.js';
import type { ActualView } from './actual.js';
import type { AppHealth } from './health.js';

/** The status that users see. Pure. */
export function buildStatus(url: string, apps: ReadonlyMap<string, AppHealth>, actual: ActualView): ServeStatus {
  return { url, applications: Object.fromEntries([...apps].map(([name, health]) => [name, appStatus(name, health, actual)])) };
}

function appStatus(name: string, { state, message, shown, deployments }: AppHealth, actual: ActualView): ApplicationStatus {
  const { spec, acceptedAt } = shown;
  const replicas = [...actual.replicas.values()].filter(({ app }) => app === name);
  const entries = spec.deployments.map((deployment): [string, DeploymentStatus] => {
    const health = deployments.get(deployment.name);
    return [
      deployment.name,
      {
        status: health?.state ?? DeploymentState.UPDATING,
        message: health?.message ?? '',
        version: deployment.version,
        numReplicas: deployment.config.numReplicas,
        replicas: replicas
          .filter((replica) => replica.deployment === deployment.name)
          .map(({ id, state: replicaState, pid }) => ({ id, state: replicaState, pid })),
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
