import type { ReplicaInit } from '../protocol/index.js';
import type { StartWatch } from './start-watch.js';
import { type IsOwnFailure, UserInstance } from './user-instance.js';

export interface InstanceInit extends Pick<ReplicaInit, 'app' | 'deployment' | 'config' | 'schema'> {
  /** True if the routes of the class answer HTTP (`nbserve/ingress`). */
  readonly ingress: boolean;
  /** Finds the failures of what the body of its code has begun. */
  readonly isOfCode?: IsOwnFailure;
}

/**
 * Constructs the instance, and waits for what its start has begun.
 * @throws what the constructor, `reconfigure`, `checkHealth` or work that these began throws; NBS_START_NOT_DONE
 */
export async function startInstance(
  target: unknown,
  args: readonly unknown[],
  init: InstanceInit,
  watch: StartWatch,
): Promise<UserInstance> {
  const instance = UserInstance.create(labelOf(init), target, args, init.isOfCode);
  try {
    await begin(instance, init, watch);
    return instance;
  } catch (error) {
    instance.release();
    throw error;
  }
}

const labelOf = ({ app, deployment }: InstanceInit): string => `${app}/${deployment}`;

async function begin(instance: UserInstance, init: InstanceInit, watch: StartWatch): Promise<void> {
  const { config, schema, ingress } = init;
  const label = labelOf(init);
  if (schema !== undefined) {
    const { typedRoutes } = await import('./typed-routes.js');
    instance.serveRoutes((fetch) => typedRoutes({ instance, deployment: label }, schema, config, fetch));
  }
  const { userConfig } = config;
  if (userConfig !== undefined) {
    watch.stage = 'its reconfigure';
    await instance.reconfigure(userConfig);
  }
  watch.stage = 'what its constructor began';
  // A constructor cannot await. What it began to load (a model) is awaited here, so that a replica runs only when it can work.
  const held = () => instance.heldPromises();
  await watch.settled(held);
  if (instance.checksHealth) {
    watch.stage = 'its checkHealth';
    await instance.checkHealth();
    await watch.settled(held);
  }
  if (ingress) {
    watch.stage = 'its routes';
    await instance.openIngress();
    await watch.settled(held);
  }
}
