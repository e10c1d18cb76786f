import { parseOptions } from '../core/index.js';
import { HedgingNeedsIdempotent, OptionsExclude } from './errors.js';
import { AUTO_REPLICAS, autoscalingConfig, configFields, DEPLOYMENT_OPTIONS, type DeploymentConfig } from './protocol/index.js';
import type { DeploymentOptions } from './types.js';

/** Checks the options of a deployment and gives them in the form that the cluster works with. */
export function deploymentConfig(where: string, options: DeploymentOptions): DeploymentConfig {
  const values = parseOptions(where, DEPLOYMENT_OPTIONS, { ...options });
  if (values.autoscaling !== undefined && typeof options.numReplicas === 'number') throw OptionsExclude({ where });
  if (values.hedging !== undefined && values.idempotent !== true && values.idempotent.length === 0)
    throw HedgingNeedsIdempotent({ where });
  const { name: _, version: __, numReplicas, ...config } = configFields(values);
  const autoscaling =
    numReplicas === 'auto' ? autoscalingConfig({ ...AUTO_REPLICAS, ...options.autoscaling }) : config.autoscaling;
  if (autoscaling === undefined) return { ...config, numReplicas: numReplicas as number };
  return { ...config, autoscaling, numReplicas: autoscaling.initialReplicas ?? autoscaling.minReplicas };
}
