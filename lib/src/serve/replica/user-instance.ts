import type { IngressApp } from '../../ingress/app/index.js';
import type { TypedHead, TypedRoutes } from '../../schemas/answers/index.js';
import { servedScope } from '../modules/index.js';
import { disposeModels } from '../multiplexing/index.js';
import type { GrpcCallHead, ReplicaReady } from '../protocol/index.js';
import { BegunPromises } from './begun-promises.js';
import { NoReconfigure, NotConstructible } from './errors.js';
import { takeRejections } from './faults.js';
import { type HeldPromise, heldPromises } from './held-promises.js';
import { httpFailure } from './http-failure.js';
import { isPlain, plainForm } from './json-text.js';
import type { LazyRequest } from './lazy-request.js';

/** Methods that the cluster calls itself. */
const HOOKS = new Set(['fetch', 'dispose', 'reconfigure', 'checkHealth']);

type AnyFunction = (this: unknown, ...args: unknown[]) => unknown;
type Scope = <T>(run: () => T) => T;
/** Whether a rejection that nobody handles is the failure of work that belongs to the instance. */
export type IsOwnFailure = (promise: Promise<unknown>, reason: unknown) => boolean;

/** The instance of a deployment's class, or its function. It answers the calls of one replica. */
export class UserInstance {
  /** What answers HTTP in place of `fetch`, once `openIngress` has run. */
  ingress: IngressApp | null = null;
  #ready: ReplicaReady;
  readonly #target: AnyFunction | null;
  readonly #self: Readonly<Record<string, unknown>>;
  readonly #fetch: AnyFunction | null;
  #routes: TypedRoutes | null = null;

  #closing: Promise<void> | null = null;
  readonly #deployment: string;
  /** Runs user code as code that answers requests; `null` if that makes no difference. */
  readonly #scope: Scope | null;
  /** The failure of work that the code or its constructor began and nobody handled, after the start. */
  #fault: { readonly reason: unknown } | null = null;
  /** Forgets the work that was begun. To be called if the start fails, since then nobody disposes of the instance. */
  readonly release: () => void;

  private constructor(deployment: string, target: AnyFunction | null, self: object, isOwn: IsOwnFailure, scope: Scope | null) {
    this.#deployment = deployment;
    // During the start, the start itself gets these failures.
    this.release = takeRejections((reason, promise) => isOwn(promise, reason) && this.#failed(reason));
    this.#scope = scope;
    this.#target = target;
    this.#self = self as Record<string, unknown>;
    const fetch = target ?? this.#self.fetch;
    this.#fetch = typeof fetch === 'function' ? (fetch as AnyFunction) : null;
    this.#ready =
      target === null
        ? { http: this.#fetch !== null, methods: publicMethods(self) }
        : { http: true, methods: ['call'], isFunction: true };
  }

  /**
   * @param isOfCode finds the failures of what the body of its code has begun; the instance adds those of its constructor
   * @throws what the user's constructor throws; NBS_NOT_CONSTRUCTIBLE
   */
  static create(
    deployment: string,
    target: unknown,
    args: readonly unknown[],
    isOfCode: IsOwnFailure = () => false,
  ): UserInstance {
    if (typeof target !== 'function') {
      throw NotConstructible({ deployment, what: target === null ? 'null' : `a value of type ${typeof target}` });
    }
    const scope = servedScope(target);
    if (!isClass(target)) return new UserInstance(deployment, target as AnyFunction, {}, isOfCode, scope);
    const Class = target as new (...args: readonly unknown[]) => object;
    const begun = new BegunPromises();
    const construct = (): object => begun.during(() => new Class(...args));
    const self = scope === null ? construct() : scope(construct);
    const isOwn: IsOwnFailure = (promise, reason) => begun.has(promise) || isOfCode(promise, reason);
    return new UserInstance(deployment, null, self, isOwn, scope);
  }

  get ready(): ReplicaReady {
    return this.#ready;
  }

  /** Makes the routes of its class answer HTTP. @throws what they throw; the errors of `openIngress` */
  async openIngress(): Promise<void> {
    const { openIngress } = await import('../../ingress/app/index.js');
    const run = this.#scope ?? ((work) => work());
    const label = this.#deployment;
    const json = { isPlain, toPlain: (value: unknown): unknown => plainForm(value, label, false) };
    this.ingress = await run(() => openIngress({ label, instance: this.#self, failureOf: httpFailure, json }));
    const methods = this.#ready.methods.filter((name) => name !== 'routes');
    this.#ready = { http: true, methods, ...(this.ingress.upgrades ? { upgrades: true } : {}) };
  }

  /** The promises in its fields; empty for a function. */
  heldPromises(): readonly HeldPromise[] {
    return this.#target === null ? heldPromises(this.#self) : [];
  }

  /** From now on these answer HTTP. */
  serveRoutes(make: (fetch: ((request: unknown) => unknown) | null) => TypedRoutes): void {
    this.#routes = make(this.#fetch === null ? null : (request) => this.#call(this.#fetch, [request]));
    this.#ready = { ...this.#ready, http: true };
  }

  /** Calls the method of a route, the user's `fetch`, or the function. */
  fetch(request: LazyRequest, head: TypedHead): unknown {
    return this.#routes === null ? this.#call(this.#fetch, [request]) : this.#routes.answer(request, head);
  }

  /** The method of this name, bound to the instance; `undefined` if handles may call no method of this name. */
  method(name: string): ((...args: unknown[]) => unknown) | undefined {
    const target = this.#target;
    if (target !== null) return name === 'call' ? (...args) => this.#call(target, args) : undefined;
    if (HOOKS.has(name) || (this.ingress !== null && name === 'routes') || name === 'constructor' || name in Object.prototype)
      return undefined;
    const method = this.#self[name];
    return typeof method === 'function' ? (...args) => this.#call(method as AnyFunction, args) : undefined;
  }

  /** The method that answers a call over gRPC, which reaches public methods only; `undefined` if there is none. */
  rpcMethod({ method, candidates }: GrpcCallHead): ((...args: unknown[]) => unknown) | undefined {
    const { methods, isFunction } = this.#ready;
    if (candidates === undefined) return methods.includes(method) ? this.method(method) : undefined;
    const name = isFunction === true ? 'call' : candidates.find((each) => methods.includes(each));
    return name === undefined ? undefined : this.method(name);
  }

  #call(method: AnyFunction | null, args: unknown[]): unknown {
    const scope = this.#scope;
    if (method === null) return undefined;
    return scope === null ? method.apply(this.#self, args) : scope(() => method.apply(this.#self, args));
  }

  /** @throws what the user's `reconfigure` throws; NBS_NO_RECONFIGURE */
  async reconfigure(userConfig: unknown): Promise<void> {
    if (typeof this.#self.reconfigure !== 'function') throw NoReconfigure({ deployment: this.#deployment });
    await this.#hook('reconfigure', userConfig);
  }

  get checksHealth(): boolean {
    return typeof this.#self.checkHealth === 'function';
  }

  /** @throws what the user's `checkHealth` throws, or why work that it began failed; then the replica cannot work */
  async checkHealth(): Promise<void> {
    if (this.#fault !== null) throw this.#fault.reason;
    await this.#hook('checkHealth');
  }

  /** Takes nothing new: what waits for that may begin to clean up. */
  drain(): void {
    this.#closing ??= this.ingress?.close() ?? Promise.resolve();
    this.#closing.catch(() => {});
  }

  #failed(reason: unknown): true {
    this.#fault ??= { reason };
    console.error(
      'work that its code or its constructor began failed, and no code handles that; the replica fails its health checks:',
      reason,
    );
    return true;
  }

  async dispose(): Promise<void> {
    this.release();
    this.drain();
    await this.#closing;
    await this.#hook('dispose');
    await disposeModels(this.#self);
  }

  #hook(name: string, ...args: unknown[]): unknown {
    const hook = this.#self[name];
    return typeof hook === 'function' ? this.#call(hook as AnyFunction, args) : undefined;
  }
}

/** The `prototype` of a class cannot be replaced. That of a function can be, and an arrow function has none. */
function isClass(target: object): boolean {
  return Object.getOwnPropertyDescriptor(target, 'prototype')?.writable === false;
}

function publicMethods(self: object): string[] {
  const names = new Set<string>();
  for (let level: object | null = self; level !== null && level !== Object.prototype; level = Object.getPrototypeOf(level)) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(level))) {
      if (typeof value !== 'function' || name === 'constructor' || name.startsWith('_') || HOOKS.has(name)) continue;
      names.add(name);
    }
  }
  return [...names];
}
