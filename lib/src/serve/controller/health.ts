import type { Log } from '../../core/index.js';
import { AppState, DeploymentState, ReplicaState } from '../protocol/index.js';
import { type ActualView, byGroup } from './actual.js';
import { AppEvent, nextAppState } from './app-state.js';
import { DeploymentEvent, nextDeploymentState } from './deployment-state.js';
import { type AppTarget, type AppVersion, groupKey, type TargetState } from './target.js';

export interface DeploymentHealth {
  state: DeploymentState;
  message: string;
}

export interface AppHealth {
  state: AppState;
  message: string;
  /** What the status shows of the application; kept while it is being deleted. */
  shown: Pick<AppVersion, 'spec' | 'acceptedAt'>;
  readonly deployments: Map<string, DeploymentHealth>;
}

/** States of applications and deployments, as seen after each round. */
export class Health {
  readonly apps = new Map<string, AppHealth>();
  readonly #log: Pick<Log, 'info'>;

  constructor(log: Pick<Log, 'info'>) {
    this.#log = log;
  }

  observe(target: TargetState, actual: ActualView): void {
    for (const [name, app] of target.apps) this.#observeApp(name, app, actual);
    const deleted = [...this.apps].filter(([name]) => !target.apps.has(name));
    if (deleted.length === 0) return;
    const present = new Set([...byGroup(actual).values()].map(([replica]) => replica?.app));
    for (const [name, health] of deleted) {
      this.#setApp(name, health, AppEvent.DELETE, '');
      if (!present.has(name)) this.apps.delete(name);
    }
  }

  #observeApp(name: string, { live, next, failed }: AppTarget, actual: ActualView): void {
    const shown = live ?? next ?? failed;
    if (shown === null) return;
    const known = this.apps.get(name);
    const health: AppHealth = known ?? { state: AppState.DEPLOYING, message: '', shown, deployments: new Map() };
    if (known === undefined) {
      this.apps.set(name, health);
      this.#log.info(`application ${name}: ${health.state}`);
    }
    health.shown = shown;
    this.#observeDeployments(name, health, live, next, actual);
    const [event, message] = verdict(live, next, failed, health.deployments, actual);
    this.#setApp(name, health, event, message);
  }

  #observeDeployments(
    name: string,
    health: AppHealth,
    live: AppVersion | null,
    next: AppVersion | null,
    actual: ActualView,
  ): void {
    const present = byGroup(actual);
    const specs = new Map(
      [...(next?.spec.deployments ?? []), ...(live?.spec.deployments ?? [])].map((spec) => [spec.name, spec]),
    );
    for (const known of health.deployments.keys()) if (!specs.has(known)) health.deployments.delete(known);
    for (const spec of specs.values()) {
      const key = groupKey(name, spec.name, spec.replicaHash);
      const running = (present.get(key) ?? []).filter(({ state }) => state === ReplicaState.RUNNING).length;
      const wanted = spec.config.numReplicas;
      const error = actual.failures.get(key)?.error;
      const updating = next?.spec.deployments.some((other) => other.name === spec.name && other.replicaHash !== spec.replicaHash);
      if (running < wanted && error !== undefined)
        this.#setDeployment(
          name,
          health,
          spec.name,
          DeploymentEvent.FAILED,
          `${running} of ${wanted} replicas run: ${error.message}`,
        );
      else if (running < wanted) {
        const pending = actual.pending.get(key);
        const why = pending === undefined ? '' : `; PENDING, because there is no room: ${pending.reason}`;
        this.#setDeployment(name, health, spec.name, DeploymentEvent.CHANGED, `${running} of ${wanted} replicas run${why}`);
      } else if (updating === true)
        this.#setDeployment(name, health, spec.name, DeploymentEvent.CHANGED, 'a new version is started');
      else this.#setDeployment(name, health, spec.name, DeploymentEvent.SETTLED, '');
    }
  }

  #setApp(name: string, health: AppHealth, event: AppEvent, message: string): void {
    health.message = message;
    const state = nextAppState(health.state, event);
    if (state === health.state) return;
    this.#log.info(`application ${name}: ${health.state} -> ${state} (${event}) ${message}`);
    health.state = state;
  }

  #setDeployment(app: string, health: AppHealth, name: string, event: DeploymentEvent, message: string): void {
    let deployment = health.deployments.get(name);
    if (deployment === undefined) {
      deployment = { state: DeploymentState.UPDATING, message };
      health.deployments.set(name, deployment);
      this.#log.info(`deployment ${app}/${name}: ${deployment.state}`);
    }
    deployment.message = message;
    const state = nextDeploymentState(deployment.state, event);
    if (state === deployment.state) return;
    this.#log.info(`deployment ${app}/${name}: ${deployment.state} -> ${state} (${event}) ${message}`);
    deployment.state = state;
  }
}

function verdict(
  live: AppVersion | null,
  next: AppVersion | null,
  failed: AppTarget['failed'],
  deployments: ReadonlyMap<string, DeploymentHealth>,
  actual: ActualView,
): [AppEvent, message: string] {
  if (next !== null) return [AppEvent.DEPLOY, pendingOf(next, actual)];
  if (live === null) return [AppEvent.FAIL, failed?.message ?? ''];
  for (const [name, { state, message }] of deployments) {
    if (state === DeploymentState.UNHEALTHY) return [AppEvent.DEGRADE, `${name}: ${message}`];
  }
  return [AppEvent.SERVE, failed === null ? '' : `the last update failed and the version before it serves on: ${failed.message}`];
}

/** What a version on its way up waits for. */
function pendingOf({ spec }: AppVersion, actual: ActualView): string {
  const waiting = spec.deployments.flatMap(({ name, replicaHash }) => {
    const pending = actual.pending.get(groupKey(spec.name, name, replicaHash));
    return pending === undefined ? [] : [`${name} waits for room: ${pending.reason}`];
  });
  return waiting.join('; ');
}
