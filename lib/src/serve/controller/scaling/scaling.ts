import type { Clock, Log } from '../../../core/index.js';
import {
  type AutoscalingConfig,
  type AutoscalingMetrics,
  type DemandReport,
  type DeploymentKey,
  type DeploymentSpec,
  deploymentKey,
} from '../../protocol/index.js';
import { type ActualView, byDeployment, isReplicaAlive } from '../replicas/index.js';
import { type AppTarget, type AppVersion, type GroupKey, groupKey, type TargetState } from '../target/index.js';
import { autoscale, initialScaling, type ScalingState, suggestedReplicas } from './autoscaler.js';
import { DemandWindow } from './demand-window.js';
import { OwnPolicy } from './own-policy.js';

export interface ScalingOptions {
  readonly clock: Clock;
  readonly log: Pick<Log, 'info' | 'warn'>;
  /** Number of a deployment's replicas that take requests. */
  readonly running: (app: string, deployment: string) => number;
  /** Asks a replica of this group, which is a policy. @throws what it throws, or the reason why there is no answer */
  readonly askPolicy: (group: GroupKey, metrics: AutoscalingMetrics) => Promise<unknown>;
  /** Called when the wanted number of a deployment's replicas has changed, so that a round runs. */
  readonly onScaled: (change: Scaled) => void;
}

export interface Scaled {
  readonly app: string;
  readonly deployment: string;
  readonly from: number;
  readonly to: number;
}

interface Scaler {
  readonly app: string;
  readonly deployment: string;
  readonly window: DemandWindow;
  /** From the newest version of the application. */
  config: AutoscalingConfig;
  desired: number;
  state: ScalingState;
  /** True if routes lead to a version that has it. Before that, the number of replicas does not shrink. */
  live: boolean;
  policy: { readonly group: GroupKey; readonly own: OwnPolicy } | null;
}

const SHORTEST_TICK_MS = 20;

/**
 * How many replicas the autoscaled deployments should have. This is not in the checkpoint: a restarted controller continues with the running
 * replicas.
 * It works only while a deployment has load, could become smaller, or has a policy of its own.
 */
export class Scaling {
  readonly #options: ScalingOptions;
  readonly #scalers = new Map<DeploymentKey, Scaler>();
  // The last result of `apply` for each target. It stays the same object while no number changes, because the rest of a round depends on that.
  readonly #targets = new WeakMap<TargetState, TargetState>();
  readonly #apps = new WeakMap<AppTarget, AppTarget>();
  readonly #versions = new WeakMap<AppVersion, AppVersion>();
  #given: TargetState | null = null;
  /** The result of that target; `null` if a number has changed since. */
  #result: TargetState | null = null;
  #cancelTick: (() => void) | null = null;
  #tickAt = Number.POSITIVE_INFINITY;

  constructor(options: ScalingOptions) {
    this.#options = options;
  }

  /** The target with the numbers of replicas that the load requires. It is the same object if no deployment is autoscaled. */
  apply(target: TargetState, actual: ActualView): TargetState {
    if (target === this.#given && this.#result !== null) return this.#result;
    this.#given = target;
    this.#result = this.#apply(target, actual);
    return this.#result;
  }

  #apply(target: TargetState, actual: ActualView): TargetState {
    const seen = new Set<DeploymentKey>();
    let present: ReturnType<typeof byDeployment> | null = null;
    for (const [app, { live, next }] of target.apps) {
      for (const version of [live, next]) {
        for (const { name, config } of version?.spec.deployments ?? []) {
          if (config.autoscaling === undefined) continue;
          const key = deploymentKey(app, name);
          // The live version comes first: its bounds apply until the next version replaces it.
          if (seen.has(key)) continue;
          seen.add(key);
          let scaler = this.#know(key, config.autoscaling, version === live);
          if (scaler === undefined) {
            present ??= byDeployment(actual);
            const alive = (present.get(key) ?? []).filter(isReplicaAlive).length;
            scaler = this.#add(key, app, name, config.autoscaling, version === live, alive);
          }
          this.#knowPolicy(scaler, version as AppVersion);
        }
      }
    }
    for (const key of this.#scalers.keys()) if (!seen.has(key)) this.#scalers.delete(key);
    if (seen.size === 0) return target;
    this.#scheduleTick(true);
    const apps = [...target.apps].map(([app, given]) => [app, this.#scaledApp(app, given)] as const);
    const last = this.#targets.get(target);
    if (last !== undefined && apps.every(([app, scaled]) => last.apps.get(app) === scaled)) return last;
    const scaled = { ...target, apps: new Map(apps) };
    this.#targets.set(target, scaled);
    return scaled;
  }

  /** Takes over a router's report. Reports about other deployments are ignored. */
  report(source: string, { deployments }: DemandReport): void {
    const now = this.#options.clock.now();
    for (const [key, demand] of Object.entries(deployments)) {
      const at = key.lastIndexOf('@');
      const scaler = this.#scalers.get((at < 0 ? key : key.slice(0, at)) as DeploymentKey);
      if (scaler === undefined) continue;
      scaler.window.add(`${source} ${key}`, demand, now);
      this.#decide(scaler, now);
    }
    this.#scheduleTick();
  }

  /** Why deployments are not scaled as their policies require. */
  get faults(): ReadonlyMap<DeploymentKey, string> {
    const faults = [...this.#scalers].flatMap(([key, { policy }]) =>
      policy?.own.fault ? [[key, policy.own.fault] as const] : [],
    );
    return new Map(faults);
  }

  /** To be called when the router's connection has ended. */
  gone(source: string): void {
    for (const [key, { window }] of this.#scalers) window.remove((one) => one.startsWith(`${source} ${key}`));
  }

  /** Takes over the configuration of the newest version; `undefined` if the deployment is new. */
  #know(key: DeploymentKey, config: AutoscalingConfig, live: boolean): Scaler | undefined {
    const known = this.#scalers.get(key);
    if (known === undefined) return undefined;
    known.config = config;
    known.live = live;
    if (known.desired < config.minReplicas || known.desired > config.maxReplicas) known.desired = clamp(known.desired, config);
    return known;
  }

  /** @param present number of its existing replicas: an earlier controller may have started some */
  #add(key: DeploymentKey, app: string, deployment: string, config: AutoscalingConfig, live: boolean, present: number): Scaler {
    const initial = present > 0 ? present : (config.initialReplicas ?? config.minReplicas);
    const window = new DemandWindow(this.#options.clock.now());
    const desired = clamp(initial, config);
    const scaler: Scaler = { app, deployment, window, config, desired, state: initialScaling, live, policy: null };
    this.#scalers.set(key, scaler);
    return scaler;
  }

  #knowPolicy(scaler: Scaler, { spec }: AppVersion): void {
    const { app, deployment, config } = scaler;
    if (config.policy === undefined && scaler.policy === null) return;
    const policy = spec.deployments.find(({ name }) => name === config.policy);
    const group = policy === undefined ? undefined : groupKey(app, policy.name, policy.replicaHash);
    if (policy === undefined || group === undefined) scaler.policy = null;
    else if (scaler.policy?.group !== group) {
      const { askPolicy, log } = this.#options;
      const label = deploymentKey(app, deployment);
      scaler.policy = {
        group,
        own: new OwnPolicy({ label, policy: policy.name, ask: (metrics) => askPolicy(group, metrics), log }),
      };
    }
  }

  #scaledApp(app: string, given: AppTarget): AppTarget {
    const live = given.live && this.#scaled(app, given.live);
    const next = given.next && this.#scaled(app, given.next);
    const last = [given, this.#apps.get(given)].find((one) => one?.live === live && one?.next === next);
    if (last !== undefined) return last;
    const scaled = { live, next, failed: given.failed };
    this.#apps.set(given, scaled);
    return scaled;
  }

  #scaled(app: string, version: AppVersion): AppVersion {
    const counts = version.spec.deployments.map((spec) => this.#countOf(app, spec));
    const isSame = ({ spec }: AppVersion): boolean => spec.deployments.every(({ config }, i) => config.numReplicas === counts[i]);
    if (isSame(version)) return version;
    const last = this.#versions.get(version);
    if (last !== undefined && isSame(last)) return last;
    const deployments = version.spec.deployments.map((spec, i): DeploymentSpec => {
      const numReplicas = counts[i] ?? spec.config.numReplicas;
      return { ...spec, config: { ...spec.config, numReplicas } };
    });
    const scaled = { ...version, spec: { ...version.spec, deployments } };
    this.#versions.set(version, scaled);
    return scaled;
  }

  #countOf(app: string, { name, config: { autoscaling, numReplicas } }: DeploymentSpec): number {
    const scaler = autoscaling === undefined ? undefined : this.#scalers.get(deploymentKey(app, name));
    return autoscaling === undefined || scaler === undefined ? numReplicas : clamp(scaler.desired, autoscaling);
  }

  #decide(scaler: Scaler, now: number): void {
    const { policy, window, desired, live } = scaler;
    if (policy === null) this.#settle(scaler, now);
    else {
      // Requests that wait for a first replica do not wait for the policy.
      if (desired === 0 && window.present > 0) this.#settle(scaler, now, 0);
      if (!live) return;
      policy.own.ask(
        () => this.#metrics(scaler, now),
        (wanted) => {
          // The answer is about another version and is ignored.
          if (scaler.policy === policy && this.#scalers.get(deploymentKey(scaler.app, scaler.deployment)) === scaler)
            this.#settle(scaler, this.#options.clock.now(), wanted);
        },
      );
    }
  }

  #metrics({ app, deployment, window, config, desired }: Scaler, now: number): AutoscalingMetrics {
    const { minReplicas, maxReplicas, targetOngoingRequests, lookBackPeriodMs, metricsIntervalMs } = config;
    const averageOngoingRequests = window.average(lookBackPeriodMs, metricsIntervalMs, now);
    return {
      app,
      deployment,
      currentReplicas: this.#options.running(app, deployment),
      targetReplicas: desired,
      averageOngoingRequests,
      ongoingRequests: window.present,
      targetOngoingRequests,
      minReplicas,
      maxReplicas,
      suggestedReplicas: suggestedReplicas(config, averageOngoingRequests, window.present, desired),
      now,
    };
  }

  /** @param wanted what the policy wants, if there is one */
  #settle(scaler: Scaler, now: number, wanted?: number): void {
    const { app, deployment, window, config, state, desired: current } = scaler;
    const average = window.average(config.lookBackPeriodMs, config.metricsIntervalMs, now);
    const { present } = window;
    const decision = autoscale({ config, average, present, current, now, state, ...(wanted === undefined ? {} : { wanted }) });
    if (decision.desired < current && !scaler.live) return;
    scaler.state = scaler.live ? decision.state : { ...decision.state, downSince: null };
    if (decision.desired === current) return;
    scaler.desired = decision.desired;
    this.#result = null;
    const said = wanted === undefined ? '' : `its policy wants ${wanted}; `;
    const load = `${said}${average.toFixed(2)} requests on average, ${present} now`;
    this.#options.log.info(`deployment ${app}/${deployment}: ${current} -> ${decision.desired} replicas (${load})`);
    this.#options.onScaled({ app, deployment, from: current, to: decision.desired });
  }

  /** @param hasNew whether intervals may have changed: then the tick may have to come sooner */
  #scheduleTick(hasNew = false): void {
    if (this.#cancelTick !== null && !hasNew) return;
    let tickMs = Number.POSITIVE_INFINITY;
    for (const { config, desired, window, policy } of this.#scalers.values()) {
      // At its minimum and without load, nothing changes until a report comes. A policy, however, may depend on the time of day.
      if (desired <= config.minReplicas && window.isIdle && policy === null) continue;
      const { metricsIntervalMs, upscaleDelayMs, downscaleDelayMs } = config;
      for (const ms of [metricsIntervalMs, upscaleDelayMs, downscaleDelayMs]) if (ms > 0) tickMs = Math.min(tickMs, ms);
    }
    if (tickMs === Number.POSITIVE_INFINITY) return;
    const { clock } = this.#options;
    const waitMs = Math.max(SHORTEST_TICK_MS, tickMs);
    if (clock.now() + waitMs >= this.#tickAt) return;
    this.#cancelTick?.();
    this.#tickAt = clock.now() + waitMs;
    this.#cancelTick = clock.after(waitMs, () => {
      this.#cancelTick = null;
      this.#tickAt = Number.POSITIVE_INFINITY;
      const now = clock.now();
      for (const scaler of this.#scalers.values()) this.#decide(scaler, now);
      this.#scheduleTick();
    });
  }
}

const clamp = (count: number, { minReplicas, maxReplicas }: AutoscalingConfig): number =>
  Math.min(maxReplicas, Math.max(minReplicas, count));
