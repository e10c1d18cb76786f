import { loadedModels, mebibytes } from '../../core/index.js';
import type { BlockLimit, DebugDoor } from '../../engine/index.js';
import type { CallHandler, IncomingCall } from '../../ipc/index.js';
import { handleOps } from '../../ipc/index.js';
import {
  type DeploymentConfig,
  type GrpcCallHead,
  HttpNotServed,
  type KeptAnswer,
  type MethodCallHead,
  NoRpcMethod,
  OverMemoryLimit,
  ReplicaBusy,
  ReplicaDraining,
  type ReplicaInit,
  type ReplicaOps,
  type ReplicaReady,
  type ReplicaStatus,
  type RequestHead,
} from '../protocol/index.js';
import { AlreadyInitialized, NoSuchMethod, Stuck } from './errors.js';
import type { Rpcs } from './grpc-task.js';
import { HttpTask, withoutUpgrade } from './http-task.js';
import { IngressTask } from './ingress-task.js';
import { KeptAnswers } from './kept-answers.js';
import type { LoadedInstance } from './load-instance.js';
import { MethodTask } from './method-task.js';
import { RequestDeadlines } from './request-deadlines.js';
import { Slots } from './slots.js';
import { StartWatch } from './start-watch.js';
import type { UserInstance } from './user-instance.js';
import type { TaskHost } from './user-task.js';

export interface ReplicaOptions {
  /** The id until `initialize` sets it. */
  readonly id: string;
  /** Path of the socket at which it listens; `''` if it runs inside its caller's process. */
  readonly place: string;
  readonly load: (init: ReplicaInit) => Promise<LoadedInstance>;
  /** Ends the process, because user code cannot be stopped in any other way. */
  readonly onStuck: (error: Error) => void;
  /** Tells the agent what this replica is, for a controller that takes it over while its main thread is blocked. */
  readonly describe: (status: ReplicaStatus) => void;
  /** The RPCs of the cluster and the task that answers one; only called if the cluster answers gRPC. */
  readonly grpc: () => Promise<Rpcs>;
  /** Lets a debugger connect. Absent if the replica runs inside its caller's process, whose debugger sees it. */
  readonly debug?: () => Promise<DebugDoor>;
  /** Ends the process if the main thread is blocked, so that `onStuck` cannot run. */
  readonly blockLimit: Pick<BlockLimit, 'set'>;
}

/** Limit for the `dispose` of user code. */
const DISPOSE_MS = 5000;
const BLOCKED = 'a request or a reconfigure that blocks the event loop';

/** One replica: the user's instance, its slots and its state. */
export class Replica implements TaskHost {
  label = '';
  /** Its place for other processes: a path, or `formatPlace` if the cluster is on several machines. */
  place: string;
  readonly #options: ReplicaOptions;
  readonly #slots = new Slots();
  readonly #deadlines = new RequestDeadlines();
  readonly #kept: KeptAnswers;
  #id: string;
  #state: ReplicaStatus['state'] = 'EMPTY';
  #init: ReplicaInit | null = null;
  #config: DeploymentConfig | null = null;
  #loaded: LoadedInstance | null = null;
  #instance: UserInstance | null = null;
  #maxOngoing = 0;
  /** The `userConfig` that the instance has, as JSON; `null` while it applies one, and if it has refused one. */
  #applied: string | null | undefined;
  #applying: Promise<unknown> = Promise.resolve();
  /** Begins when what the instance applies now has ended. */
  #next: Promise<void> | null = null;

  constructor(options: ReplicaOptions) {
    this.#options = options;
    this.#id = options.id;
    this.place = options.place;
    this.#kept = new KeptAnswers({ place: () => this.place, onDropped: () => this.#slots.changed() });
  }

  get id(): string {
    return this.#id;
  }

  /** True before `initialize`. */
  get isEmpty(): boolean {
    return this.#init === null;
  }

  /** Answers the calls of one channel. */
  readonly onCall: CallHandler = handleOps<ReplicaOps>(
    {
      initialize: (init) => this.initialize(init),
      status: () => this.status(),
      checkHealth: async () => {
        await this.#instance?.checkHealth();
        this.#checkMemory();
        return loadedModels();
      },
      reconfigure: ({ config }) => this.reconfigure(config),
      debug: async () => (await this.#options.debug?.()) ?? { socket: '', secret: '' },
      drain: async ({ timeoutMs }) => ({ unfinished: await this.drain(timeoutMs) }),
    },
    (call) => this.#accept(call),
  );

  #checkMemory(): void {
    // Older checkpoints do not have it.
    const limit = this.#config?.memoryLimit ?? null;
    const used = process.memoryUsage.rss();
    if (limit === null || used <= limit) return;
    throw OverMemoryLimit({ deployment: this.label, used: mebibytes(used), limit: mebibytes(limit) });
  }

  // TaskHost

  get ongoing(): number {
    return this.#slots.ongoing;
  }

  get stuckTimeoutMs(): number {
    return this.#config?.stuckTimeoutMs ?? 0;
  }

  keep(bytes: Uint8Array, call: IncomingCall): KeptAnswer | null {
    return this.#kept.keep(bytes, call, this.#id, this.label);
  }

  began(expiresAt: number): void {
    this.#deadlines.add(expiresAt);
    this.#limitBlocking();
  }

  release(expiresAt: number): void {
    this.#slots.release();
    this.#ended(expiresAt);
  }

  #ended(expiresAt: number): void {
    this.#deadlines.remove(expiresAt);
    this.#limitBlocking();
  }

  onUnstuck(): void {
    this.#slots.stuck -= 1;
  }

  /** Takes no new requests. When the requests that are not stuck have ended, the process ends. */
  onStuck(what: string): void {
    const slots = this.#slots;
    slots.stuck += 1;
    const error = Stuck({ deployment: this.label, what, timeoutMs: this.stuckTimeoutMs });
    this.#enter('DRAINING');
    slots
      .until(() => slots.ongoing <= slots.stuck, this.#config?.gracefulShutdownTimeoutMs ?? 0)
      .then(
        () => this.#options.onStuck(error),
        () => {},
      );
  }

  /** @throws what the user's constructor throws; NBS_ALREADY_INITIALIZED */
  async initialize(init: ReplicaInit): Promise<ReplicaReady> {
    if (this.#state !== 'EMPTY') throw AlreadyInitialized({ replica: this.#id, state: this.#state });
    this.#state = 'INITIALIZING';
    this.#init = init;
    this.#id = init.replicaId;
    this.label = `${init.app}/${init.deployment}`;
    this.#applyConfig(init.config);
    try {
      this.#loaded = await this.#options.load(init);
    } catch (error) {
      this.#state = 'EMPTY';
      throw error;
    }
    this.#instance = this.#loaded.instance;
    this.#applied = JSON.stringify(init.config.userConfig);
    this.#enter('RUNNING');
    return { ...this.#instance.ready, ...modelsOf() };
  }

  status(): ReplicaStatus {
    const init = this.#init;
    const identity =
      init === null
        ? {}
        : {
            app: init.app,
            deployment: init.deployment,
            replicaHash: init.replicaHash,
            generation: init.generation,
            allocation: init.allocation,
          };
    const ready = this.#instance?.ready;
    return {
      state: this.#state,
      ongoing: this.#slots.ongoing,
      ...identity,
      ...(ready === undefined ? {} : { ready: { ...ready, ...modelsOf() } }),
    };
  }

  /**
   * The instance applies one configuration after the other. Of those that come while it applies one, only the last counts: the others are skipped, and
   * their callers get its outcome.
   */
  async reconfigure(config: DeploymentConfig): Promise<undefined> {
    this.#applyConfig(config);
    this.#next ??= this.#applying.then(() => {
      this.#next = null;
      return this.#applyUserConfig();
    });
    const next = this.#next;
    this.#applying = next.catch(() => {});
    await next;
    return undefined;
  }

  async #applyUserConfig(): Promise<void> {
    const config = this.#config;
    const instance = this.#instance;
    if (config?.userConfig === undefined || instance === null || this.#state !== 'RUNNING') return;
    const wanted = JSON.stringify(config.userConfig);
    if (wanted === this.#applied) return;
    this.#applied = null;
    // What it begins to load is awaited, as at the start: the new configuration takes effect when the instance can work with it.
    const watch = new StartWatch({ label: this.label, timeoutMs: config.startupTimeoutMs });
    const expiresAt = Date.now() + config.startupTimeoutMs;
    this.began(expiresAt);
    try {
      await watch.runBeside(
        () => instance.reconfigure(config.userConfig),
        () => instance.heldPromises(),
      );
      this.#applied = wanted;
    } finally {
      this.#ended(expiresAt);
    }
  }

  /**
   * Takes no new requests. Resolves with the number of unfinished requests when all have ended, and no answer is kept for others, or the time is over.
   */
  drain(timeoutMs: number): Promise<number> {
    this.#enter('DRAINING');
    this.#instance?.drain();
    return this.#slots.until(() => this.#slots.ongoing === 0 && this.#kept.size === 0, timeoutMs);
  }

  /** Drains, and then runs `dispose` of user code. */
  async stop(): Promise<void> {
    await this.drain(this.#config?.gracefulShutdownTimeoutMs ?? 0);
    const timeout = new Promise<void>((resolve) => {
      setTimeout(() => {
        console.error(`dispose has not ended after ${DISPOSE_MS} ms; the replica ends without it`);
        resolve();
      }, DISPOSE_MS).unref();
    });
    try {
      await Promise.race([this.#instance?.dispose(), timeout]);
    } catch (error) {
      console.error('dispose failed:', error);
    }
    this.#loaded?.close();
  }

  #enter(state: 'RUNNING' | 'DRAINING'): void {
    this.#state = state;
    this.#options.describe(this.status());
  }

  /**
   * Limits how long the main thread may be blocked: for `stuckTimeout` after the deadlines of all requests in progress, because then nobody waits for
   * them any more.
   */
  #limitBlocking(): void {
    const { count, latest } = this.#deadlines;
    this.#options.blockLimit.set(count, latest, this.stuckTimeoutMs, this.#blocked);
  }

  readonly #blocked = (): Error => Stuck({ deployment: this.label, what: BLOCKED, timeoutMs: this.stuckTimeoutMs });

  #applyConfig(config: DeploymentConfig): void {
    this.#config = config;
    this.#maxOngoing = config.maxOngoingRequests;
  }

  /** Decides at once, as `Channel.onCall` requires. User code runs in the returned function. */
  #accept(call: IncomingCall): (() => void) | undefined {
    if (call.head.kind === 'kept') {
      this.#kept.send(call);
      return undefined;
    }
    const head = call.head as RequestHead;
    const instance = this.#instance;
    if (this.#state !== 'RUNNING' || instance === null) {
      call.fail(ReplicaDraining({ replica: this.#id }));
      return undefined;
    }
    if (this.#slots.ongoing >= this.#maxOngoing) {
      call.fail(ReplicaBusy({ replica: this.#id, ongoing: this.#slots.ongoing }));
      return undefined;
    }
    if (head.kind === 'http') {
      if (!instance.ready.http) {
        call.fail(HttpNotServed({ deployment: this.label }));
        return undefined;
      }
      this.#slots.take();
      call.started();
      const { ingress } = instance;
      const asked = head.upgrade === true && instance.ready.upgrades !== true ? withoutUpgrade(head) : head;
      if (ingress !== null) return () => new IngressTask(this, call, asked).run(ingress);
      return () => new HttpTask(this, call, asked).run(instance);
    }
    const method = head.kind === 'grpc' ? instance.rpcMethod(head) : instance.method(head.method);
    if (method === undefined) {
      call.fail(this.#noMethod(head, instance));
      return undefined;
    }
    this.#slots.take();
    call.started();
    if (head.kind === 'method') return () => new MethodTask(this, call, head).run(method);
    return () => {
      this.#options.grpc().then(
        (rpcs) => rpcs.run(this, call, head, method),
        (error: unknown) => {
          call.fail(error);
          this.#slots.release();
        },
      );
    };
  }

  #noMethod(head: MethodCallHead | GrpcCallHead, { ready }: UserInstance): Error {
    if (head.kind === 'grpc')
      return NoRpcMethod({ method: (head.candidates ?? [head.method]).join(' or ').slice(0, 200), rpc: head.rpc });
    return NoSuchMethod({ deployment: this.label, method: head.method, methods: ready.methods.join(', ') || 'none' });
  }
}

function modelsOf(): Pick<ReplicaReady, 'models'> {
  const models = loadedModels();
  return models.length === 0 ? {} : { models };
}
