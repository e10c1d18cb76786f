import { parseOptions } from '../core/index.js';
import { batchedHookOf } from '../schemas/index.js';
import { BoundDeployment } from './application.js';
import { BatchedHook, HedgingNeedsIdempotent, NameRequired, NotDeployable, OptionsExclude } from './errors.js';
import { GraphNode } from './graph/index.js';
import type { DeploymentHandle } from './handle/types.js';
import { noteDefinition, type Target } from './modules/index.js';
import { AUTO_REPLICAS, autoscalingConfig, configFields, DEPLOYMENT_OPTIONS, type DeploymentConfig } from './protocol/index.js';
import type { Application, AutoscalingPolicy, BindArgs, Deployment, DeploymentOptions } from './types.js';

type Deployer = (app: Application<unknown>, options: { name: string; routePrefix: string }) => Promise<unknown>;

/** A policy that loops is replaced soon, because nothing is scaled meanwhile. */
const POLICY_OPTIONS = {
  healthCheckPeriod: '2s',
  healthCheckTimeout: '5s',
  stuckTimeout: '5s',
  gracefulShutdownTimeout: '1s',
} as const;

/** A class or function with options. Immutable: `options()` gives another one. */
export class DeploymentDefinition {
  readonly name: string;
  readonly version: string | null;
  readonly config: DeploymentConfig;
  /** The function that decides on the number of replicas, as a separate deployment; `null` if there is none. */
  readonly policy: DeploymentDefinition | null;

  readonly target: Target;
  readonly #settings: DeploymentOptions;
  readonly #deployer: Deployer;
  #asNodes: BoundDeployment | null = null;

  constructor(target: Target, settings: DeploymentOptions, deployer: Deployer) {
    if (typeof target !== 'function') throw NotDeployable({ value: shown(target) });
    this.target = target;
    this.#settings = settings;
    this.#deployer = deployer;
    this.name = settings.name ?? target.name;
    this.config = deploymentConfig(`deployment ${this.name || '(without a name)'}`, settings);
    if (this.name === '') throw NameRequired();
    const hook = batchedHookOf(target);
    if (hook !== undefined) throw BatchedHook({ deployment: this.name, method: hook });
    this.version = settings.version ?? null;
    const { policy } = settings.autoscaling ?? {};
    this.policy = policy === undefined ? null : this.#policyOf(policy);
  }

  #policyOf(policy: AutoscalingPolicy): DeploymentDefinition {
    const { startupTimeout, env, runtimeEnv } = this.#settings;
    const options = {
      ...POLICY_OPTIONS,
      name: `${this.name}.policy`,
      ...(startupTimeout === undefined ? {} : { startupTimeout }),
      ...(env === undefined ? {} : { env }),
      ...(runtimeEnv === undefined ? {} : { runtimeEnv }),
    };
    noteDefinition(options.name, policy, 'policy');
    return new DeploymentDefinition(policy, options, this.#deployer);
  }

  options(options: DeploymentOptions): DeploymentDefinition {
    // An option that is given as undefined counts as left out.
    const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as DeploymentOptions;
    // The number of replicas is one setting with two names. If both are given, the later one counts.
    const { numReplicas, autoscaling, ...others } = this.#settings;
    const replicas = given.numReplicas === undefined && given.autoscaling === undefined;
    const kept = {
      ...(replicas && numReplicas !== undefined ? { numReplicas } : {}),
      ...(replicas && autoscaling !== undefined ? { autoscaling } : {}),
    };
    return new DeploymentDefinition(this.target, { ...others, ...kept, ...given }, this.#deployer);
  }

  /** As `options`, but for options that are data: `autoscaling` keeps the policy, which only code can give, and variables are added to `env`. */
  configured(options: DeploymentOptions): DeploymentDefinition {
    const { autoscaling, env } = this.#settings;
    const policy = autoscaling?.policy;
    return this.options({
      ...options,
      ...(options.autoscaling === undefined || policy === undefined ? {} : { autoscaling: { ...options.autoscaling, policy } }),
      ...(options.env === undefined ? {} : { env: { ...env, ...options.env } }),
    });
  }

  /** With arguments, a function becomes a node of a graph: all its nodes call the same deployment. */
  bind(...args: unknown[]): BoundDeployment | GraphNode {
    if (args.length === 0 || isClass(this.target)) return new BoundDeployment(this, args);
    this.#asNodes ??= new BoundDeployment(this, []);
    return new GraphNode(this.#asNodes, this.name, 'call', args);
  }

  deploy(...args: unknown[]): Promise<unknown> {
    return this.#deployer(this.bind(...args) as unknown as Application<unknown>, {
      name: this.name,
      routePrefix: `/${this.name}`,
    });
  }

  toString(): string {
    return `Deployment(name=${this.name}, version=${this.version ?? 'none'})`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

/** The typed view of a definition. The brands exist only in the types. */
export const asDeployment = <T, A extends readonly unknown[]>(definition: DeploymentDefinition): Deployment<T, A> =>
  definition as unknown as Deployment<T, A> & {
    bind(...args: BindArgs<A>): Application<T>;
    deploy(): Promise<DeploymentHandle<T>>;
  };

/** The `prototype` of a class cannot be replaced. That of a function can be, and an arrow function has none. */
function isClass(target: object): boolean {
  return Object.getOwnPropertyDescriptor(target, 'prototype')?.writable === false;
}

function shown(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return typeof value === 'object' ? `an object` : `the ${typeof value} ${String(value)}`;
}

/** Checks the options of a deployment and converts them for the cluster. */
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
