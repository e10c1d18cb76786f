/** Types of the public API. They use no third-party types, because notebook cells see them. */
import type { DeploymentOptions } from './deployment-option-types.js';
import type { GraphArgs, GraphMethods, GraphNode } from './graph/types.js';
import type { ApplicationBrand, DeploymentBrand, DeploymentHandle, HandleBrand, RemoteMethodName } from './handle/types.js';

export type { Duration } from '../core/duration.js';
export type {
  AutoscalingOptions,
  DeploymentOptions,
  GraphOptions,
  HedgingOptions,
  ReplicaEnvironment,
  ResourceOptions,
  RollingUpdateOptions,
  RuntimeEnvOptions,
} from './deployment-option-types.js';
export type { AutoscalingMetrics, AutoscalingPolicy } from './protocol/policy.js';
export type { ServeStatus } from './protocol/status.js';
export type { CanaryStatus, StickyBy, TrafficStatus } from './protocol/traffic-status.js';
export type { GrpcOptions, MachineCertificates, NodeOptions, RunOptions, StartOptions } from './start-option-types.js';
export type { Canary, CanaryOptions, TrafficOptions } from './traffic-types.js';

type AnyFunction = (...args: never[]) => unknown;

/** A constructor parameter in the form that `bind` accepts: in place of a handle, you pass a bound deployment. */
export type BindArg<P> =
  P extends HandleBrand<infer T>
    ? P | Application<T>
    : P extends AnyFunction | Date | RegExp | ArrayBuffer | ArrayBufferView | ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>
      ? P
      : P extends object
        ? P | { readonly [K in keyof P]: BindArg<P[K]> }
        : P;

export type BindArgs<A extends readonly unknown[]> = { [K in keyof A]: BindArg<A[K]> };

/** A class or function that can be deployed: call `bind` with its constructor's arguments, and pass the result to `serve.run`. */
export interface Deployment<T, A extends readonly unknown[] = readonly unknown[]> extends DeploymentBrand<T> {
  readonly name: string;
  readonly version: string | null;
  /** Returns a deployment with the same code and other options; options that you leave out keep their values. @throws NBS_UNKNOWN_OPTION, NBS_INVALID_OPTION */
  options(options: DeploymentOptions): Deployment<T, A>;
  /** Sets the constructor's arguments. A bound deployment among them arrives in the constructor as a typed handle. */
  bind(...args: BindArgs<A>): Application<T>;
  /** Short for `serve.run(this.bind(...args), { name, routePrefix: '/' + name })`. */
  deploy(...args: BindArgs<A>): Promise<DeploymentHandle<T>>;
}

/** A function that can be deployed. */
export interface FunctionDeployment<A extends readonly unknown[], R> extends Deployment<{ call(...args: A): R }, []> {
  options(options: DeploymentOptions): FunctionDeployment<A, R>;
  bind(): Application<{ call(...args: A): R }>;
  /** With arguments, makes a node of a graph that calls the function. All nodes of the function call the same deployment. */
  bind(...args: GraphArgs<A>): GraphNode<Awaited<R>>;
}

export interface BoundApplication<T> extends ApplicationBrand<T> {
  readonly deployment: string;
}

/**
 * A bound deployment, with all the bound deployments that its arguments contain. Its methods make nodes of graphs: `model.predict.bind(input)`.
 */
export type Application<T> = BoundApplication<T> & GraphMethods<T, Exclude<RemoteMethodName<T>, 'deployment'>>;

/** A graph of calls that can be run. A notebook draws it. */
export type GraphApplication<I, R> = Application<{ call(input: I): Promise<R> }> & {
  /** The picture of the graph: an SVG document that also contains it as text. */
  readonly svg: string;
  /** The graph as text, with a line for each node. */
  readonly text: string;
};

/** One line of `serve.listDeployments()`. */
export interface DeploymentListing {
  readonly name: string;
  readonly version: string | null;
  readonly routePrefix: string | null;
}
