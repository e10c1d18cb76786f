import type { Batch } from './batching/types.js';
import type { DeploymentHandle, InstanceOf } from './handle/types.js';
import type { MultiplexedDecorator, MultiplexedOptions } from './multiplexing/types.js';
import type { ServeStatus } from './protocol/status.js';
import type { TrafficStatus } from './protocol/traffic-status.js';
import type { ServeRequest } from './request-global.js';
import type {
  Application,
  Canary,
  CanaryOptions,
  Deployment,
  DeploymentListing,
  DeploymentOptions,
  FunctionInstance,
  RunOptions,
  StartOptions,
  TrafficOptions,
} from './types.js';

/**
 * The serving cluster of this notebook or script. In a replica what looks at the cluster works as well; what would change it rejects with
 * NBS_IN_REPLICA.
 */
export interface Serve {
  /** Makes a function deployable: HTTP calls it with the request, `handle.remote(…)` with its arguments. */
  deployment<R>(
    target: (request: ServeRequest) => R,
    options?: DeploymentOptions,
  ): Deployment<{ call(request: ServeRequest): R }, []>;
  /**
   * Makes a class deployable. `fetch(request)` answers HTTP with a `Response`, a text or a JSON value; every public method can be called by
   * handle. The class runs in replica processes; what it uses of the notebook goes along, values as they are at `serve.run`.
   * @throws NBS_NOT_DEPLOYABLE, NBS_NAME_REQUIRED, NBS_INVALID_OPTION, NBS_UNKNOWN_OPTION
   */
  deployment<A extends readonly unknown[], T>(
    // biome-ignore lint/suspicious/noExplicitAny: A is inferred from the constructor's own parameters
    target: new (...args: A extends readonly any[] ? [...A] : never) => T,
    options?: DeploymentOptions,
  ): Deployment<T, A>;
  deployment<F extends (...args: never[]) => unknown>(
    target: F,
    options?: DeploymentOptions,
  ): Deployment<FunctionInstance<F>, []>;

  /** Joins concurrent calls of a method into batches: a decorator of methods that take a list of items and give a list of results. */
  readonly batch: Batch;

  /**
   * Decorates a method that loads a model by its id: `@serve.multiplexed({ maxNumModelsPerReplica: 3 }) async getModel(id: string)`. Each replica
   * keeps the models that were asked for last; calls for one that is being loaded wait for that load. More models than that are never there: a load
   * waits until one that no request uses is freed (`[Symbol.asyncDispose]`, `[Symbol.dispose]` or `dispose()`).
   * @throws NBS_UNKNOWN_OPTION, NBS_INVALID_OPTION; the method rejects with NBS_NO_MODEL_ID, NBS_MODELS_IN_USE
   */
  multiplexed(options?: MultiplexedOptions): MultiplexedDecorator;

  /**
   * In a deployment: id of the model that the current request is for, from its header `serve_multiplexed_model_id` or from
   * `handle.options({ multiplexedModelId })`; `''` where it names none.
   */
  getMultiplexedModelId(): string;

  /**
   * Runs an application: resolves with the handle of its ingress when every replica is up. The first call starts the cluster. The same name
   * again is an update: the old version answers until the new one is up, and no request is lost.
   * @throws the constructor's own error (the old version stays); NBS_ROUTE_TAKEN, NBS_CANNOT_SHIP, NBS_DEPLOY_FAILED, NBS_SUPERSEDED
   */
  run<T>(application: Application<T>, options?: RunOptions): Promise<DeploymentHandle<T>>;

  /**
   * Starts the cluster, or joins one; without it the first `run` starts one that ends with this process. Where this process has its cluster
   * already, that is kept. A script ends by itself while it only is joined to a cluster; one of its own keeps it running.
   * @throws NBS_PORT_IN_USE, NBS_DETACHED_RUNNING, NBS_CLUSTER_GONE, NBS_ALREADY_RUNNING, NBS_ALREADY_CONNECTED
   */
  start(options?: StartOptions): Promise<void>;

  /** Every application with its deployments and replicas. */
  status(): Promise<ServeStatus>;

  /**
   * Splits the requests of a route prefix between versions: `serve.traffic('/classify', { v1: 0.9, v2: 0.1 })`. A version is an application of
   * its own, named by its name, or by the `version` of its ingress where no other has that. Weights are relative; they can be shifted at any time
   * without a failed request. Resolves when every proxy knows.
   * @throws NBS_UNKNOWN_VERSION, NBS_AMBIGUOUS_VERSION, NBS_INVALID_TRAFFIC; NBS_ROUTE_TAKEN where the prefix is another application's
   */
  traffic(prefix: string, weights: Readonly<Record<string, number>>, options?: TrafficOptions): Promise<TrafficStatus>;
  /** Undoes a split: the prefix is again that of the application which was run with it, or nobody's. */
  traffic(prefix: string, weights: null): Promise<null>;
  /** The present split of a prefix; `null` where it has none. */
  traffic(prefix: string): Promise<TrafficStatus | null>;

  /**
   * Tries a version on a growing part of a prefix's requests. It gets all of them in the end, or none as soon as it fails too often or is too slow
   * against the version that had them. Resolves when the first step has begun; `done` of the result tells how it ended. The controller
   * carries it through, also when this process is gone.
   * @throws as `traffic`; NBS_UNKNOWN_OPTION, NBS_INVALID_OPTION
   */
  canary(prefix: string, options: CanaryOptions): Promise<Canary>;

  /** Takes an application down: its route first, then its replicas once they have finished. Its share of a split goes to the others. @throws NBS_NO_SUCH_APP */
  delete(name: string): Promise<void>;

  /**
   * Takes every application down, whoever ran it, and ends the cluster's processes. A detached or joined cluster goes on without applications
   * (`nbserve stop` ends it); this process leaves it. Does nothing where none runs.
   */
  shutdown(): Promise<void>;

  /** Handle of the ingress of a running application; `T` is its class or `typeof` its deployment. @throws NBS_NO_SUCH_APP */
  getAppHandle<T = Record<string, (...args: unknown[]) => unknown>>(name: string): Promise<DeploymentHandle<InstanceOf<T>>>;

  /** Handle of one deployment of an application. @throws NBS_NO_SUCH_DEPLOYMENT */
  getDeploymentHandle<T = Record<string, (...args: unknown[]) => unknown>>(
    deployment: string,
    app?: string,
  ): Promise<DeploymentHandle<InstanceOf<T>>>;

  /** The ingress of each application, by application name. */
  listDeployments(): Promise<Record<string, DeploymentListing>>;
}
