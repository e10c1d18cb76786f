import type { Log } from '../../../core/index.js';
import { AppState, DeploymentState, ReplicaState } from '../../protocol/index.js';
import { type ActualView, byGroup, type ReplicaRecord, runningIn } from '../replicas/index.js';
import { type AppTarget, type AppVersion, groupKey, type TargetState } from '../target/index.js';
import { AppEvent, nextAppState } from './app-state.js';
import { type DeploymentEvent, nextDeploymentState } from './deployment-state.js';
import { deploymentVerdict, waitOf } from './deployment-verdict.js';

export interface DeploymentHealth {
  state: DeploymentState;
  message: string;
}

export interface AppHealth {
  state: AppState;
  message: string;
  /** What the status shows about the application; kept while it is being deleted. */
  shown: Pick<AppVersion, 'spec' | 'acceptedAt'>;
  readonly deployments: Map<string, DeploymentHealth>;
}

/** The states of applications and deployments, updated after each round. */
export class Health {
  readonly apps = new Map<string, AppHealth>();
  /** The input of each application's last verdict. Most do not change from one round to the next. */
  readonly #seen = new Map<string, { readonly app: AppTarget; readonly revision: number | null }>();
  #last: { readonly target: TargetState; readonly revision: number } | null = null;
  readonly #log: Pick<Log, 'info'>;

  constructor(log: Pick<Log, 'info'>) {
    this.#log = log;
  }

  observe(target: TargetState, actual: ActualView): void {
    if (this.#last?.target === target && this.#last.revision === actual.revision) return;
    this.#last = { target, revision: actual.revision };
    for (const [name, app] of target.apps) {
      const revision = actual.revisions.get(name) ?? null;
      const seen = this.#seen.get(name);
      if (seen?.app === app && seen.revision === revision) continue;
      this.#seen.set(name, { app, revision });
      this.#observeApp(name, app, actual);
    }
    const deleted = [...this.apps].filter(([name]) => !target.apps.has(name));
    if (deleted.length === 0) return;
    const present = [...byGroup(actual).values()].flat();
    for (const [name, health] of deleted) {
      this.#seen.delete(name);
      const left = present.filter(({ app }) => app === name);
      this.#setApp(name, health, AppEvent.DELETE, drainOf(left));
      if (left.length === 0) this.apps.delete(name);
    }
  }

  #observeApp(name: string, app: AppTarget, actual: ActualView): void {
    const { live, next, failed } = app;
    const shown = live ?? next ?? failed;
    if (shown === null) return;
    const known = this.apps.get(name);
    const health: AppHealth = known ?? { state: AppState.DEPLOYING, message: '', shown, deployments: new Map() };
    if (known === undefined) {
      this.apps.set(name, health);
      this.#log.info(`application ${name}: ${health.state}`);
    }
    health.shown = shown;
    this.#observeDeployments(name, health, app, actual);
    const [event, message] = verdict(name, app, health.deployments, actual);
    this.#setApp(name, health, event, message);
  }

  #observeDeployments(name: string, health: AppHealth, app: AppTarget, actual: ActualView): void {
    const { live, next } = app;
    const specs = new Map(
      [...(next?.spec.deployments ?? []), ...(live?.spec.deployments ?? [])].map((spec) => [spec.name, spec]),
    );
    for (const known of health.deployments.keys()) if (!specs.has(known)) health.deployments.delete(known);
    for (const spec of specs.values()) {
      const [event, message] = deploymentVerdict(name, app, spec, actual);
      this.#setDeployment(name, health, spec.name, event, message);
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
  app: string,
  { live, next, failed }: AppTarget,
  deployments: ReadonlyMap<string, DeploymentHealth>,
  actual: ActualView,
): [AppEvent, message: string] {
  if (next !== null) return [AppEvent.DEPLOY, waitsOf(app, { live, next, failed }, next, actual)];
  if (live === null) return [AppEvent.FAIL, failed?.message ?? ''];
  for (const [name, { state, message }] of deployments) {
    if (state === DeploymentState.UNHEALTHY || state === DeploymentState.FAILED) return [AppEvent.DEGRADE, `${name}: ${message}`];
  }
  const lacking = live.spec.deployments.find(({ name, replicaHash, config }) => {
    const least = config.autoscaling?.minReplicas ?? config.numReplicas;
    return least > 0 && runningIn(actual.groups, groupKey(app, name, replicaHash)) === 0;
  });
  if (lacking !== undefined) return [AppEvent.LACK, `${lacking.name}: ${deployments.get(lacking.name)?.message ?? ''}`];
  return [AppEvent.SERVE, failed === null ? '' : `the last update failed and the version before it serves on: ${failed.message}`];
}

/** Which replicas finish the requests that they have begun, and how long they may take. */
function drainOf(replicas: readonly Readonly<ReplicaRecord>[]): string {
  const draining = replicas.filter(({ state, drained }) => state === ReplicaState.DRAINING && !drained);
  if (draining.length === 0) return '';
  const ids = draining.map(({ id }) => id).join(', ');
  const longestMs = Math.max(...draining.map(({ config }) => config?.gracefulShutdownTimeoutMs ?? 0));
  return `requests that were begun are finished by ${ids}, for at most ${longestMs / 1000} s (gracefulShutdownTimeout)`;
}

/** What a version that is being started waits for. */
function waitsOf(app: string, target: AppTarget, version: AppVersion, actual: ActualView): string {
  const waiting = version.spec.deployments.flatMap((spec) => {
    const reason = waitOf(app, target, version, spec, actual);
    return reason === null ? [] : [`${spec.name} ${reason}`];
  });
  return waiting.join('; ');
}
