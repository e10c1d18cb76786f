import { hasCode, listOf } from '../core/index.js';
import { type DeploymentHandle, serve } from '../serve/index.js';
import { NoSuchModel } from './errors.js';
import type { ModelFacts, ModelServer } from './model-server.js';
import { MODEL_DEPLOYMENT, modelAt } from './names.js';

type Handle = DeploymentHandle<ModelServer>;

interface RunningModel {
  readonly application: string;
  readonly status: string;
  readonly message: string;
}

/** The models of the cluster that have a route, and the handles by which they are called. */
export class RunningModels {
  readonly #handles = new Map<string, Handle>();

  /** The models by name. One whose status is `DEPLOYING` does not answer yet. */
  async all(): Promise<ReadonlyMap<string, RunningModel>> {
    const { applications } = await serve.status();
    const found = new Map<string, RunningModel>();
    for (const [application, { ingress, routePrefix, status, message }] of Object.entries(applications)) {
      const name = ingress === MODEL_DEPLOYMENT ? modelAt(routePrefix) : undefined;
      if (name !== undefined && status !== 'DELETING' && status !== 'DEPLOY_FAILED')
        found.set(name, { application, status, message });
    }
    return found;
  }

  /** Names of the models that answer. */
  async names(): Promise<string[]> {
    return [...(await this.all())].filter(([, { status }]) => status !== 'DEPLOYING').map(([name]) => name);
  }

  /** @throws as {@link call} */
  facts(name: string, version: string): Promise<ModelFacts> {
    return this.call(name, (handle) => handle.facts.remote(version));
  }

  /** The facts of the newest version of each model that answers. */
  async allFacts(): Promise<readonly ModelFacts[]> {
    return Promise.all((await this.names()).map((name) => this.facts(name, '')));
  }

  /** @throws NBS_OIP_NO_MODEL if no application answers for the model */
  async call<T>(name: string, work: (handle: Handle) => PromiseLike<T>): Promise<T> {
    let handle = this.#handles.get(name);
    if (handle === undefined) {
      const app = (await this.all()).get(name)?.application;
      if (app === undefined) throw await this.noSuchModel(name);
      handle = await serve.getAppHandle<ModelServer>(app);
      this.#handles.set(name, handle);
    }
    try {
      return await work(handle);
    } catch (error) {
      const isGone = ['NBS_NO_SUCH_DEPLOYMENT', 'NBS_NO_SUCH_APP'].some((code) => hasCode(error, { code }));
      if (!isGone) throw error;
      this.forget(name);
      throw await this.noSuchModel(name);
    }
  }

  /** To be called before a model is unloaded. */
  forget(name: string): void {
    this.#handles.delete(name);
  }

  async noSuchModel(name: string): Promise<Error> {
    return NoSuchModel({ name: JSON.stringify(name.slice(0, 128)), valid: listOf(await this.names()) });
  }
}
