import { MAX_TIMER_MS } from '../../core/index.js';
import { type Channel, decodeValue, helloOf, memoryPair } from '../../ipc/index.js';
import type { ClassSchema } from '../../schemas/index.js';
import { enterReplica, type ReplicaContext } from '../context/index.js';
import { createHandle } from '../handle/index.js';
import { type DeploymentConfig, type DeploymentRoute, type HandleRef, partOf, REQUEST_KINDS } from '../protocol/index.js';
import { installRequest, installResponse, Replica, registerSentRequest, StartWatch, startInstance } from '../replica/index.js';

/** One deployment of an application that runs inside this process. */
export interface LocalDeployment {
  readonly name: string;
  readonly version: string | null;
  readonly target: unknown;
  readonly config: DeploymentConfig;
  /** `encodeValue` of the constructor's arguments. */
  readonly initArgs: Uint8Array;
  readonly schema?: ClassSchema;
  readonly ingress: boolean;
}

/** The one replica of a deployment, in this process. */
export class LocalReplica {
  readonly path: string;
  readonly #app: string;
  readonly #deployment: LocalDeployment;
  readonly #generation: number;
  readonly #replica: Replica;
  readonly #channels = new Set<Channel>();

  constructor(app: string, deployment: LocalDeployment, generation: number) {
    this.#app = app;
    this.#deployment = deployment;
    this.#generation = generation;
    this.path = `${app}/${deployment.name}@${generation}`;
    this.#replica = new Replica({
      id: this.id,
      place: '',
      load: async (init) => ({
        instance: await this.#start(init.initArgs),
        close: () => {},
      }),
      onStuck: (error) => console.error(error),
      describe: () => {},
      blockLimit: { set: () => {} },
      // Nothing answers gRPC here, so no such call arrives.
      grpc: () => Promise.reject(new Error('gRPC is not answered in local mode')),
    });
  }

  get id(): string {
    return `${this.#deployment.name}#${this.#generation}`;
  }

  get #context(): ReplicaContext {
    return { appName: this.#app, deployment: this.#deployment.name, replicaId: this.id };
  }

  get deployment(): LocalDeployment {
    return this.#deployment;
  }

  /** @throws what its constructor, or work that it began, throws */
  async start(): Promise<void> {
    installRequest();
    installResponse();
    registerSentRequest();
    const { name, config, initArgs, schema } = this.#deployment;
    await this.#replica.initialize({
      app: this.#app,
      deployment: name,
      replicaId: this.id,
      surroundings: { env: {}, cwd: process.cwd() },
      code: { kind: 'builtin', hash: '', folder: process.cwd() },
      initArgs,
      // A process that a debugger has stopped is not stuck.
      config: { ...config, stuckTimeoutMs: MAX_TIMER_MS },
      ...(schema === undefined ? {} : { schema }),
      replicaHash: '',
      generation: this.#generation,
      allocation: null,
      routesVersion: 0,
    });
  }

  /** What routers need to know about it. */
  get route(): DeploymentRoute {
    const { name, config } = this.#deployment;
    const { methods, http, upgrades } = this.#replica.status().ready ?? { methods: [], http: false };
    return {
      app: this.#app,
      name,
      replicas: [{ id: this.id, path: this.path }],
      ...partOf('routes', config),
      methods,
      http,
      ...(upgrades === true ? { upgrades } : {}),
    };
  }

  connect(): Channel {
    const [ours, its] = memoryPair(helloOf('driver', 'local'), helloOf('replica', this.id), REQUEST_KINDS);
    its.onCall = (call) => {
      const run = this.#replica.onCall(call);
      return run === undefined ? undefined : () => enterReplica(this.#context, run);
    };
    this.#channels.add(ours);
    void ours.closed.then(() => this.#channels.delete(ours));
    return ours;
  }

  /** Finishes the requests that it has begun, and runs `dispose`. */
  async stop(): Promise<void> {
    await enterReplica(this.#context, () => this.#replica.stop());
    for (const channel of this.#channels) channel.close();
  }

  #start(initArgs: Uint8Array) {
    const { name: deployment, target, config, schema, ingress } = this.#deployment;
    const app = this.#app;
    const handles = {
      name: 'handle',
      test: () => false,
      encode: (value: unknown) => value,
      decode: (ref: unknown) => createHandle<unknown>(ref as HandleRef),
    };
    const args = initArgs.length === 0 ? [] : (decodeValue(initArgs, { extensions: [handles] }) as unknown[]);
    const watch = new StartWatch({ label: `${app}/${deployment}`, timeoutMs: config.startupTimeoutMs });
    const init = { app, deployment, config, ingress, ...(schema === undefined ? {} : { schema }) };
    return enterReplica(this.#context, () => watch.run((started) => startInstance(target, args, init, started)));
  }
}
