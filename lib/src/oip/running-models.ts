import { hasCode, listOf } from '../core/index.js';
import { type DeploymentHandle, serve } from '../serve/index.js';
import { NoSuchModel } from './errors.js';
import type { ModelFacts, ModelServer } from './model-server.js';
import { MODEL_DEPLOYMENT, modelAt } from './names.js';

type Handle = DeploymentHandle<ModelServer>;

/** The states of the protocol. */
export type ModelState = 'READY' | 'LOADING' | 'UNAVAILABLE';

interface RunningModel {
  readonly application: string;
  readonly status: string;
  readonly state: ModelState;
  /** Whether a replica could be asked at once. */
  readonly hasReplica: boolean;
  /** Why it is not ready, in words. */
  readonly message: string;
}

/** Time that one replica has to tell about its model when many are asked, so that one that is blocked does not delay the answer about the others. */
const FACTS_TIMEOUT = '2s';

/** The models of the cluster that have a route, and the handles by which they are called. */
export class RunningModels {
  readonly #handles = new Map<string, Handle>();

  /** The models by name, with those that could not be loaded. */
  async all(): Promise<ReadonlyMap<string, RunningModel>> {
    const { applications } = await serve.status();
    const found = new Map<string, RunningModel>();
    for (const [application, app] of Object.entries(applications)) {
      const name = app.ingress === MODEL_DEPLOYMENT ? modelAt(app.routePrefix) : undefined;
      if (name === undefined || app.status === 'DELETING') continue;
      const hasReplica = app.deployments[MODEL_DEPLOYMENT]?.replicas.some(({ state }) => state === 'RUNNING') === true;
      const { status, message } = app;
      found.set(name, { application, status, message, hasReplica, state: stateOf(status, hasReplica) });
    }
    return found;
  }

  /** Names of the models that answer. */
  async names(): Promise<string[]> {
    return [...(await this.all())].filter(([, { state }]) => state === 'READY').map(([name]) => name);
  }

  /** @throws as {@link call} */
  facts(name: string, version: string): Promise<ModelFacts> {
    return this.call(name, (handle) => handle.facts.remote(version));
  }

  /** The facts of the newest version of a model, if one of its replicas tells them soon. */
  factsSoon(name: string): Promise<ModelFacts | undefined> {
    return this.call(name, (handle) => handle.options({ timeout: FACTS_TIMEOUT }).facts.remote('')).catch(() => undefined);
  }

  /** The facts of the newest version of each model that answers soon. */
  async allFacts(): Promise<readonly ModelFacts[]> {
    const running = [...(await this.all())].filter(([, { hasReplica }]) => hasReplica);
    const found = await Promise.all(running.map(([name]) => this.factsSoon(name)));
    return found.filter((facts) => facts !== undefined);
  }

  /** @throws NBS_OIP_NO_MODEL if no application answers for the model */
  async call<T>(name: string, work: (handle: Handle) => PromiseLike<T>): Promise<T> {
    const kept = this.#handles.get(name);
    try {
      return await work(kept ?? (await this.#find(name)));
    } catch (error) {
      if (!isGone(error)) throw error;
      this.forget(name);
      if (kept === undefined) throw await this.noSuchModel(name);
    }
    // The application that answered for the model is gone. It may be served by another one since, which is found by looking again.
    return this.call(name, work);
  }

  async #find(name: string): Promise<Handle> {
    const app = (await this.all()).get(name);
    if (app === undefined || app.status === 'DEPLOY_FAILED') throw await this.noSuchModel(name);
    const handle = await serve.getAppHandle<ModelServer>(app.application);
    this.#handles.set(name, handle);
    return handle;
  }

  /** To be called before a model is unloaded. */
  forget(name: string): void {
    this.#handles.delete(name);
  }

  async noSuchModel(name: string): Promise<Error> {
    return NoSuchModel({ name: JSON.stringify(name.slice(0, 128)), valid: listOf(await this.names()) });
  }
}

const isGone = (error: unknown): boolean =>
  ['NBS_NO_SUCH_DEPLOYMENT', 'NBS_NO_SUCH_APP'].some((code) => hasCode(error, { code }));

/**
 * As Triton has it, a model that is loaded again is ready as long as its old version answers. One that could not be loaded, or whose replicas have all
 * failed, is unavailable. A healthy one without replicas was scaled to zero, and answers.
 */
function stateOf(status: string, hasReplica: boolean): ModelState {
  if (hasReplica) return 'READY';
  if (status === 'DEPLOYING') return 'LOADING';
  return status === 'RUNNING' ? 'READY' : 'UNAVAILABLE';
}
