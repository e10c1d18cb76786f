import type { Clock, Log } from '../../core/index.js';
import {
  type AutoscalingConfig,
  type DemandReport,
  type DeploymentKey,
  type DeploymentSpec,
  deploymentKey,
} from '../protocol/index.js';
import { type ActualView, byDeployment, isAlive } from './actual.js';
import { autoscale, initialScaling, type ScalingState } from './autoscaler.js';
import { DemandWindow } from './demand-window.js';
import type { AppVersion, TargetState } from './target.js';

export interface ScalingOptions {
  readonly clock: Clock;
  readonly log: Pick<Log, 'info'>;
  /** The number of replicas of a deployment that is wanted changed: run a round. */
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
  /** By the newest version of the application. */
  config: AutoscalingConfig;
  desired: number;
  state: ScalingState;
  /** A version that routes lead to has it; before that it does not get smaller. */
  live: boolean;
}

const SHORTEST_TICK_MS = 20;

/**
 * How many replicas the deployments that scale with their load are to have. Not checkpointed: a restarted controller goes on from what runs.
 * Awake only while some deployment has load or could get smaller.
 */
export class Scaling {
  readonly #options: ScalingOptions;
  readonly #scalers = new Map<DeploymentKey, Scaler>();
  /** What {@link apply} made of a version last. */
  readonly #versions = new WeakMap<AppVersion, AppVersion>();
  #cancelTick: (() => void) | null = null;

  constructor(options: ScalingOptions) {
    this.#options = options;
  }

  /** The target with the numbers of replicas that the load asks for. The same target where nothing scales. */
  apply(target: TargetState, actual: ActualView): TargetState {
    const seen = new Set<DeploymentKey>();
    let present: ReturnType<typeof byDeployment> | null = null;
    for (const [app, { live, next }] of target.apps) {
      for (const version of [live, next]) {
        for (const { name, config } of version?.spec.deployments ?? []) {
          if (config.autoscaling === undefined) continue;
          const key = deploymentKey(app, name);
          // Live first: its bounds hold until the next version takes over.
          if (seen.has(key)) continue;
          seen.add(key);
          if (this.#know(key, config.autoscaling, version === live)) continue;
          present ??= byDeployment(actual);
          this.#add(key, app, name, config.autoscaling, version === live, (present.get(key) ?? []).filter(isAlive).length);
        }
      }
    }
    for (const key of this.#scalers.keys()) if (!seen.has(key)) this.#scalers.delete(key);
    if (seen.size === 0) return target;
    const apps = [...target.apps].map(([app, { live, next, failed }]) => {
      return [app, { live: live && this.#scaled(app, live), next: next && this.#scaled(app, next), failed }] as const;
    });
    return { ...target, apps: new Map(apps) };
  }

  /** What a router saw. Reports on anything else than deployments that scale are of no interest. */
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

  /** The router's connection ended. */
  gone(source: string): void {
    for (const [key, { window }] of this.#scalers) window.remove((one) => one.startsWith(`${source} ${key}`));
  }

  /** Takes over what the newest version says; false where the deployment is new. */
  #know(key: DeploymentKey, config: AutoscalingConfig, live: boolean): boolean {
    const known = this.#scalers.get(key);
    if (known === undefined) return false;
    known.config = config;
    known.live = live;
    if (known.desired < config.minReplicas || known.desired > config.maxReplicas) known.desired = clamp(known.desired, config);
    return true;
  }

  /** @param present how many replicas of it there are already: this controller may not be the first */
  #add(key: DeploymentKey, app: string, deployment: string, config: AutoscalingConfig, live: boolean, present: number): void {
    const initial = present > 0 ? present : (config.initialReplicas ?? config.minReplicas);
    const window = new DemandWindow(this.#options.clock.now());
    this.#scalers.set(key, { app, deployment, window, config, desired: clamp(initial, config), state: initialScaling, live });
    this.#scheduleTick();
  }

  /** The same object for as long as no number changes: the rest of a round goes by that. */
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
    const { app, deployment, window, config, state, desired: current } = scaler;
    const average = window.average(config.lookBackPeriodMs, config.metricsIntervalMs, now);
    const { present } = window;
    const decision = autoscale({ config, average, present, current, now, state });
    if (decision.desired <= current && !scaler.live) return;
    scaler.state = decision.state;
    if (decision.desired === current) return;
    scaler.desired = decision.desired;
    const load = `${average.toFixed(2)} requests on average, ${present} now`;
    this.#options.log.info(`deployment ${app}/${deployment}: ${current} -> ${decision.desired} replicas (${load})`);
    this.#options.onScaled({ app, deployment, from: current, to: decision.desired });
  }

  #scheduleTick(): void {
    if (this.#cancelTick !== null) return;
    let tickMs = Number.POSITIVE_INFINITY;
    for (const { config, desired, window } of this.#scalers.values()) {
      // At its least and without load nothing changes until a report comes.
      if (desired <= config.minReplicas && window.isIdle) continue;
      const { metricsIntervalMs, upscaleDelayMs, downscaleDelayMs } = config;
      for (const ms of [metricsIntervalMs, upscaleDelayMs, downscaleDelayMs]) if (ms > 0) tickMs = Math.min(tickMs, ms);
    }
    if (tickMs === Number.POSITIVE_INFINITY) return;
    this.#cancelTick = this.#options.clock.after(Math.max(SHORTEST_TICK_MS, tickMs), () => {
      this.#cancelTick = null;
      const now = this.#options.clock.now();
      for (const scaler of this.#scalers.values()) this.#decide(scaler, now);
      this.#scheduleTick();
    });
  }
}

const clamp = (count: number, { minReplicas, maxReplicas }: AutoscalingConfig): number =>
  Math.min(maxReplicas, Math.max(minReplicas, count));
