import { nameOfOwnModule } from '../code/index.js';
import { InTurn, inOwnTurn } from '../core/index.js';
import type { Client } from './client.js';
import { DeploymentDefinition } from './deployment.js';
import { createHandle, registerHandleCodec } from './handle/index.js';
import type { DeploymentHandle } from './handle/types.js';
import { inertChange, noteDefinition, type Target } from './modules/index.js';
import { notice } from './notice.js';
import { lendCluster } from './own-cluster.js';
import { type PackedCode, packCode } from './pack.js';
import type { DeploymentSpec, DeploymentStatus } from './protocol/index.js';
import { deleteApplication, deployOn, specOf } from './run.js';
import type { DeploymentOptions } from './types.js';

export type { Target } from './modules/index.js';

/** The code of workers: a user's class or function, and how to run it. */
export interface WorkerCode {
  /** Name of each worker in logs and the status, before its number. */
  readonly name: string;
  readonly target: Target;
  readonly options: DeploymentOptions;
  /** See `CodeRef.wrapper`. */
  readonly wrapper?: string;
}

/** Notes the place at which a class or function was passed to nbserve, so that a replica which runs the same module finds it. To be called at that moment. */
export function noteWorkerCode(name: string, target: Target): void {
  noteDefinition(name, target, 'target');
}

/**
 * An application without a route, each of whose deployments is one worker: a process with an instance of its own. Workers are added and removed while the
 * others run. The cluster is that of this process; one that was started for workers alone ends some time after the last of them.
 */
export class WorkerApp {
  readonly #name: string;
  readonly #definition: DeploymentDefinition;
  readonly #code: PackedCode;
  readonly #client: Client;
  readonly #giveBack: () => void;
  readonly #specs = new Map<string, DeploymentSpec>();
  #count = 0;
  readonly #changes = new InTurn();
  #isDeployed = false;
  #isClosed = false;
  /** Changes that have not ended. */
  #pending = 0;

  private constructor(name: string, definition: DeploymentDefinition, code: PackedCode, client: Client, giveBack: () => void) {
    this.#name = name;
    this.#definition = definition;
    this.#code = code;
    this.#client = client;
    this.#giveBack = giveBack;
  }

  /**
   * Packs the code, and starts a cluster if none runs.
   * @param name name of the application
   * @throws NBS_CANNOT_SHIP, NBS_NO_MODULE and the errors of the options; NBS_IN_REPLICA
   */
  static async open(name: string, { name: label, target, options, wrapper }: WorkerCode): Promise<WorkerApp> {
    registerHandleCodec();
    const inert = inertChange('run', name);
    // In a replica that runs the module of its code, this does not return.
    if (inert !== undefined) await inert;
    const unused = async (): Promise<never> => {
      throw new Error('a worker has no route');
    };
    const definition = new DeploymentDefinition(target, { ...options, name: label, numReplicas: 1 }, unused);
    const { client: connecting, giveBack } = lendCluster();
    try {
      const placed = { name: label, definition, args: [], dependencies: [] };
      const [client, code] = await Promise.all([connecting, packCode(placed)]);
      for (const note of code.notes) notice(note);
      const ref = wrapper === undefined ? code.ref : { ...code.ref, wrapper: nameOfOwnModule(wrapper) };
      return new WorkerApp(name, definition, { ...code, ref }, client, giveBack);
    } catch (error) {
      giveBack();
      throw error;
    }
  }

  /**
   * Starts a worker for each list of constructor arguments, and resolves with their names when all run.
   * @throws a constructor's own error, and then no worker was added; NBS_NEVER_FITS, NBS_DEPLOY_FAILED
   */
  add(argLists: readonly (readonly unknown[])[]): Promise<string[]> {
    return this.#change(async () => {
      const names = argLists.map((args) => {
        const name = `${this.#definition.name}_${this.#count++}`;
        const placed = { name, definition: this.#definition, args, dependencies: [] };
        this.#specs.set(name, specOf(placed, this.#code, undefined));
        return name;
      });
      try {
        await this.#deploy();
      } catch (error) {
        for (const name of names) this.#specs.delete(name);
        throw error;
      }
      return names;
    });
  }

  /** Ends workers. The others go on with what they do. */
  remove(names: readonly string[]): Promise<void> {
    return this.#change(async () => {
      for (const name of names) this.#specs.delete(name);
      if (this.#specs.size > 0) await this.#deploy();
      else await this.#delete();
    });
  }

  handle<T>(worker: string): DeploymentHandle<T> {
    return createHandle<T>({ app: this.#name, deployment: worker });
  }

  /** The status of each worker, by its name. */
  async status(): Promise<Readonly<Record<string, DeploymentStatus>>> {
    const { applications } = await this.#client.call('status', undefined);
    return applications[this.#name]?.deployments ?? {};
  }

  /** Ends all workers, also those that start or wait for room. */
  async close(): Promise<void> {
    this.#isClosed = true;
    try {
      const isChanging = this.#pending > 0 && this.#isDeployed;
      // It does not wait for its turn: a start that waits for room would never end.
      await this.#delete().catch((error: unknown) => {
        if (!isChanging) throw error;
      });
      if (!isChanging) return;
      await this.#changes.ended();
      // The start may have reached the cluster after the end.
      this.#isDeployed = (await this.#exists()) && !this.#client.isClosed;
      await this.#delete();
    } finally {
      this.#giveBack();
    }
  }

  async #exists(): Promise<boolean> {
    if (this.#client.isClosed) return false;
    const { applications } = await this.#client.call('status', undefined);
    return applications[this.#name] !== undefined;
  }

  async #deploy(): Promise<void> {
    if (this.#isClosed) throw new Error(`the workers of ${this.#name} were ended`);
    const deployments = [...this.#specs.values()];
    const ingress = deployments[0]?.name as string;
    const spec = { name: this.#name, routePrefix: null, ingress, deployments };
    // An application whose start failed has to be deleted too.
    this.#isDeployed = true;
    await deployOn(Promise.resolve(this.#client), Promise.resolve({ spec, blobs: this.#code.blobs }), { what: 'the start' });
  }

  async #delete(): Promise<void> {
    this.#specs.clear();
    if (!this.#isDeployed || this.#client.isClosed) return;
    this.#isDeployed = false;
    await deleteApplication(this.#client, this.#name);
  }

  /** Changes follow one another: each says which workers are wanted afterwards. */
  #change<T>(work: () => Promise<T>): Promise<T> {
    this.#pending += 1;
    return this.#changes.run(() =>
      inOwnTurn(work).finally(() => {
        this.#pending -= 1;
      }),
    );
  }
}
