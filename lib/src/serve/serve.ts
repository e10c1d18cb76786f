import type { BodyRoute, ReadRoute } from '../schemas/types.js';
import type { Batch } from './batching/types.js';
import type { ReplicaContext } from './context/types.js';
import type { GraphNode } from './graph/types.js';
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
  FunctionDeployment,
  GraphApplication,
  GraphOptions,
  RunOptions,
  StartOptions,
  TrafficOptions,
} from './types.js';

/**
 * The serving cluster of this notebook or script. In a replica, the methods that only read the state of the cluster work as well; those that would
 * change it reject with NBS_IN_REPLICA.
 */
export interface Serve {
  /** Makes a deployment from a function. HTTP calls the function with the request, and `handle.remote(…)` calls it with its arguments. */
  deployment<F extends (request: ServeRequest) => unknown>(
    target: F,
    options?: DeploymentOptions,
  ): FunctionDeployment<Parameters<F>, ReturnType<F>>;
  /**
   * Makes a deployment from a class. `fetch(request)` answers HTTP with a `Response`, a text or a JSON value; you can call every public method by
   * handle. The class runs in replica processes. What it uses from the notebook is sent along, with the values that variables have at `serve.run`.
   * @throws NBS_NOT_DEPLOYABLE, NBS_NAME_REQUIRED, NBS_BATCHED_HOOK, NBS_INVALID_OPTION, NBS_UNKNOWN_OPTION
   */
  deployment<A extends readonly unknown[], T>(
    // biome-ignore lint/suspicious/noExplicitAny: A is inferred from the constructor's own parameters
    target: new (...args: A extends readonly any[] ? [...A] : never) => T,
    options?: DeploymentOptions,
  ): Deployment<T, A>;
  deployment<F extends (...args: never[]) => unknown>(
    target: F,
    options?: DeploymentOptions,
  ): FunctionDeployment<Parameters<F>, ReturnType<F>>;

  /**
   * Makes an application from a graph of calls: `serve.graph((input) => pack.bind(segmenter.segment.bind(unpack.bind(input))))`. `build` is called
   * once, and the graph is checked. Nodes that do not need one another run at the same time, and a node that several others need runs once. Over HTTP
   * the input is the `Request`, or with `{ http: 'json' }` the value of its JSON body; by handle it is the argument of `remote`.
   * @throws NBS_NOT_A_NODE, NBS_FOREIGN_INPUT, NBS_NOT_A_CALL, NBS_DEPLOYMENT_AS_ARGUMENT, NBS_CANNOT_CLONE; `serve.run` rejects with NBS_NO_NODE_METHOD
   */
  graph<R, I = ServeRequest>(build: (input: GraphNode<I>) => GraphNode<R>, options?: GraphOptions): GraphApplication<I, R>;

  /** Decorator that joins concurrent calls of a method into batches. The method takes a list of items and returns a list of results. */
  readonly batch: Batch;

  /**
   * Decorators that make a method a route of the deployment: `@serve.get('/items/:id')`, `@serve.post('/classify')`. Its TypeScript types are the checks of
   * the request, the form of the answer and the OpenAPI document. A method for `get` or `delete` takes one object of path and query parameters; for `post`,
   * `put` and `patch` it takes the body, and then such an object. A `Request` may be the last parameter.
   * @throws NBS_INVALID_ROUTE_PATH, NBS_NOT_A_ROUTE_METHOD, NBS_NO_DECORATOR_METADATA; `serve.run` rejects with NBS_NO_SCHEMA, NBS_NO_TYPES
   */
  get<P extends `/${string}`>(path: P): ReadRoute<P>;
  post<P extends `/${string}`>(path: P): BodyRoute<P>;
  put<P extends `/${string}`>(path: P): BodyRoute<P>;
  patch<P extends `/${string}`>(path: P): BodyRoute<P>;
  /** With a path, the decorator for `DELETE` requests. */
  delete<P extends `/${string}`>(path: P): ReadRoute<P>;

  /**
   * Decorates a method that loads a model by its id: `@serve.multiplexed({ maxNumModelsPerReplica: 3 }) async getModel(id: string)`. Each replica
   * keeps the models that were used last; if a model is being loaded, other calls for it wait for that load. A replica never has more models than
   * that: a load waits until a model that no request uses is freed (`[Symbol.asyncDispose]`, `[Symbol.dispose]` or `dispose()`).
   * @throws NBS_UNKNOWN_OPTION, NBS_INVALID_OPTION; the method rejects with NBS_NO_MODEL_ID, NBS_MODELS_IN_USE
   */
  multiplexed(options?: MultiplexedOptions): MultiplexedDecorator;

  /**
   * In a deployment: returns the id of the model that the current request names with the header `serve_multiplexed_model_id` or with
   * `handle.options({ multiplexedModelId })`; `''` if it names none.
   */
  getMultiplexedModelId(): string;

  /**
   * In a deployment: says which replica runs the code, in its constructor too. All replicas of a deployment are equal, so there is no rank.
   * @throws NBS_NOT_IN_REPLICA in a script or notebook
   */
  getReplicaContext(): ReplicaContext;

  /**
   * Runs an application, and resolves with the handle of its ingress when every replica is up. The first call starts the cluster. If an application of
   * that name is running, it is updated: the old version answers until the new one is up, and no request is lost.
   * @throws the constructor's own error (the old version stays); NBS_ROUTE_TAKEN, NBS_CANNOT_SHIP, NBS_DEPLOY_FAILED, NBS_SUPERSEDED
   */
  run<T>(application: Application<T>, options?: RunOptions): Promise<DeploymentHandle<T>>;

  /**
   * Starts a cluster, or joins one. If you do not call it, the first `run` starts a cluster that ends with this process. If this process already has a
   * cluster, it keeps that one, and prints which options have no effect. A script that has joined a cluster ends by itself; a script with a cluster of its
   * own keeps running.
   * @throws NBS_PORT_IN_USE, NBS_DETACHED_RUNNING, NBS_CLUSTER_GONE, NBS_ALREADY_RUNNING, NBS_ALREADY_CONNECTED
   */
  start(options?: StartOptions): Promise<void>;

  /** Returns every application with its deployments and replicas. */
  status(): Promise<ServeStatus>;

  /**
   * Splits the requests of a route prefix between versions: `serve.traffic('/classify', { v1: 0.9, v2: 0.1 })`. A version is an application of
   * its own. The key is its name, or the `version` of its ingress if no other application has that. Weights are relative, and you can change them at
   * any time without a failed request. Resolves when every proxy uses the new weights.
   * @throws NBS_UNKNOWN_VERSION, NBS_AMBIGUOUS_VERSION, NBS_INVALID_TRAFFIC; NBS_ROUTE_TAKEN if the prefix belongs to another application
   */
  traffic(prefix: string, weights: Readonly<Record<string, number>>, options?: TrafficOptions): Promise<TrafficStatus>;
  /** Removes a split: the prefix leads again to the application that was run with it, if there is one. */
  traffic(prefix: string, weights: null): Promise<null>;
  /** Returns the current split of a prefix, or `null` if it has none. */
  traffic(prefix: string): Promise<TrafficStatus | null>;

  /**
   * Tries a version on a growing share of a prefix's requests. In the end it gets all of them. As soon as it fails too often, or is too slow compared
   * with the version that had the requests, it gets none. Resolves when the first step has begun; `done` of the result resolves with the outcome. The
   * controller continues the canary if this process ends.
   * @throws as `traffic`; NBS_UNKNOWN_OPTION, NBS_INVALID_OPTION
   */
  canary(prefix: string, options: CanaryOptions): Promise<Canary>;

  /** Deletes an application: first its route, then its replicas when they have finished. Its share of a split goes to the other versions. @throws NBS_NO_SUCH_APP */
  delete(name: string): Promise<void>;

  /**
   * Deletes every application, including those of others, and ends the cluster's processes. A detached or joined cluster keeps running without
   * applications (`nbserve stop` ends it), and this process leaves it. It does nothing if no cluster is running.
   */
  shutdown(): Promise<void>;

  /** Returns the handle of the ingress of a running application; `T` is its class or `typeof` its deployment. @throws NBS_NO_SUCH_APP */
  getAppHandle<T = Record<string, (...args: unknown[]) => unknown>>(name: string): Promise<DeploymentHandle<InstanceOf<T>>>;

  /** Returns the handle of one deployment of an application. @throws NBS_NO_SUCH_DEPLOYMENT */
  getDeploymentHandle<T = Record<string, (...args: unknown[]) => unknown>>(
    deployment: string,
    app?: string,
  ): Promise<DeploymentHandle<InstanceOf<T>>>;

  /** Returns the ingress of each application, by application name. */
  listDeployments(): Promise<Record<string, DeploymentListing>>;
}
