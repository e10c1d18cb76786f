import { parseOptions } from '../../core/index.js';
import {
  type AppSpec,
  type AutoscalingConfig,
  configFields,
  DEPLOYMENT_OPTIONS,
  type DeploymentConfig,
  type DeploymentSpec,
} from '../protocol/index.js';

/** The default of every option. */
const { name: _, version: __, ...defaults } = configFields(parseOptions('test', DEPLOYMENT_OPTIONS, {}));

export const config = (changes: Partial<DeploymentConfig> = {}): DeploymentConfig => ({
  ...defaults,
  numReplicas: 1,
  ...changes,
});

/** A deployment whose code has the hash `hash`. */
export function deployment(name: string, hash: string, changes: Partial<DeploymentConfig> = {}): DeploymentSpec {
  const code = { kind: 'source', hash, values: [], folder: '/notebook', exportName: name } as const;
  return {
    name,
    version: null,
    code,
    initArgs: new Uint8Array([1]),
    config: config(changes),
    replicaHash: hash,
    dependencies: [],
  };
}

export function app(name: string, deployments: readonly DeploymentSpec[], routePrefix: string | null = `/${name}`): AppSpec {
  return { name, routePrefix, ingress: deployments.at(-1)?.name ?? '', deployments };
}

export const sampleAutoscaling = (changes: Partial<AutoscalingConfig> = {}): AutoscalingConfig => ({
  minReplicas: 1,
  maxReplicas: 10,
  initialReplicas: null,
  targetOngoingRequests: 2,
  upscaleDelayMs: 1000,
  downscaleDelayMs: 5000,
  metricsIntervalMs: 100,
  lookBackPeriodMs: 1000,
  upscalingFactor: 1,
  downscalingFactor: 1,
  ...changes,
});
