/** Types of handles, which give other processes the methods of a deployment's class. They use no third-party types, because notebook cells see them. */

declare const handleBrand: unique symbol;
declare const deploymentBrand: unique symbol;
declare const applicationBrand: unique symbol;

/** Any type with the brand of a deployment. With it, `DeploymentHandle<typeof Chat>` finds the class. */
export interface DeploymentBrand<T> {
  readonly [deploymentBrand]: T;
}

export interface ApplicationBrand<T> {
  readonly [applicationBrand]: T;
}

export interface HandleBrand<T> {
  readonly [handleBrand]: T;
}

/** The type of the instance: `T` itself if it is one, or the instance type of a deployment. */
export type InstanceOf<T> = T extends DeploymentBrand<infer I> ? I : T;

/** Methods that the cluster calls itself; a handle does not offer them. */
type Hook = 'fetch' | 'dispose' | 'reconfigure' | 'checkHealth';

/** The method `routes` of an ingress, which registers routes on a Fastify instance. Any other method of this name is a method like others. */
type RegistersRoutes<F> = F extends (app: infer A) => unknown
  ? A extends { addHook: unknown; register: unknown; route: unknown }
    ? true
    : false
  : false;

type IsHook<K, F> = K extends Hook ? true : K extends 'routes' ? RegistersRoutes<F> : false;

export type RemoteMethodName<T> = {
  [K in keyof T]: K extends string
    ? true extends IsHook<K, T[K]>
      ? never
      : T[K] extends (...args: never[]) => unknown
        ? K
        : never
    : never;
}[keyof T];

/** Objects that are passed as a whole: no response is looked for in them. */
type Whole =
  | ((...args: never[]) => unknown)
  | Date
  | RegExp
  | ArrayBuffer
  | ArrayBufferView
  | ReadonlyMap<unknown, unknown>
  | ReadonlySet<unknown>
  | HandleBrand<unknown>;

/**
 * An argument may be the response of another call, or an array or plain object that contains responses. nbserve waits for their values. A large value
 * goes from the replica that has computed it straight to the replica that needs it.
 */
export type RemoteArg<P> =
  | P
  | DeploymentResponse<P>
  | (P extends Whole ? never : P extends object ? { readonly [K in keyof P]: RemoteArg<P[K]> } : never);

export type RemoteArgs<A extends readonly unknown[]> = { [K in keyof A]: RemoteArg<Awaited<A[K]>> };

export type RemoteResult<R> =
  R extends AsyncIterable<infer I>
    ? DeploymentResponseGenerator<I>
    : R extends Generator<infer I, unknown, unknown>
      ? DeploymentResponseGenerator<I>
      : DeploymentResponse<Awaited<R>>;

/** One method of a deployment. */
export interface RemoteMethod<A extends readonly unknown[], R> {
  /**
   * Calls the method on one of the replicas. Arguments and result travel as structured clones.
   * @throws (by rejecting) the method's own error, or a coded one: NBS_QUEUE_FULL, NBS_NO_REPLICA, NBS_REPLICA_DIED, NBS_REQUEST_TIMEOUT
   */
  remote(...args: RemoteArgs<A>): RemoteResult<R>;
}

type MethodOf<F> = F extends (...args: infer A) => infer R ? RemoteMethod<A, R> : never;

/** With `K extends keyof T` TypeScript knows that these are the members of the class, and shows their documentation. */
type RemoteMembers<T, K extends keyof T> = { readonly [P in K]: MethodOf<T[P]> };

export type RemoteMethods<T> = RemoteMembers<T, RemoteMethodName<T>>;

/** The members of every handle. */
export interface HandleBase<T> extends HandleBrand<T> {
  /** Name of the application. */
  readonly appName: string;
  readonly deploymentName: string;
  /**
   * The address at which the application answers HTTP, e.g. `http://127.0.0.1:8000/chat`. With the route prefix `/` it ends with a slash. Typed routes and an
   * ingress take `${handle.url}/path` also then; a `fetch` sees the path with both slashes.
   * @throws NBS_NO_HTTP_ROUTE if it has no route
   */
  readonly url: string;
  /** Returns a handle of the same deployment with other call options. */
  options(options: HandleOptions): DeploymentHandle<T>;
}

export interface HandleOptions {
  /** Deadline of each call, in milliseconds or as a text such as `'30s'`. @default the deployment's `requestTimeout` */
  readonly timeout?: number | `${number}${'ms' | 's' | 'm' | 'h'}`;
  /** Interactive calls leave a queue before batch calls. Set `'batch'` if nobody is waiting for the answer. @default that of the request that makes the call, or `'interactive'` */
  readonly priority?: 'interactive' | 'batch';
  /** Id of the model that the calls need, which the deployment reads with `serve.getMultiplexedModelId()`. */
  readonly multiplexedModelId?: string;
  /**
   * Key of 1 to 1024 characters, such as the id of a session: calls with the same key go to the same replica as long as it runs. Set it if replicas
   * remember something about a session. Over HTTP, the header `serve_affinity_key` does the same.
   */
  readonly affinity?: string;
}

type CallMethod<T> = T extends { call(...args: infer A): infer R } ? RemoteMethod<A, R> : { readonly [K in never]: never };

/**
 * A typed handle of a running deployment: `handle.method.remote(...)`, and `handle.remote(...)` for a function or a method named `call`.
 * `T` is the class's instance type, or `typeof` a deployment.
 */
export type DeploymentHandle<T> = HandleBase<InstanceOf<T>> & RemoteMethods<InstanceOf<T>> & CallMethod<InstanceOf<T>>;

/** The future answer of a remote call. You can await it (as often as you like), cancel it, or pass it to another call. */
export interface DeploymentResponse<T> extends Promise<T> {
  /** Cancels the call; awaiting it then rejects with NBS_REQUEST_CANCELLED. */
  cancel(): void;
}

/** The results of a remote async generator, one by one. If you leave the loop early, the generator in the replica ends. */
export interface DeploymentResponseGenerator<T> extends AsyncIterable<T> {
  cancel(): void;
}
