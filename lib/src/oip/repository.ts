import { aboutInput, decodedPart, hasCode, isNbserveError, isRecord, limitBody, listOf, withoutSlashes } from '../core/index.js';
import type { GrpcCall } from '../serve/index.js';
import { changeModels } from './change-models.js';
import { BadInference, LoadRefused, ModelsFixed, NoSuchPath, NotInRepository } from './errors.js';
import { controlModeOf, findModel, forClients, namesIn } from './find-model.js';
import { fromGrpc, type GrpcInferRequest, toGrpc } from './grpc-forms.js';
import { configOfLoad } from './load-config.js';
import { ModelChanges } from './model-changes.js';
import { errorResponse, failureFor } from './model-server.js';
import { openapiOf } from './openapi.js';
import { type Known, Registry } from './registry.js';
import { type ModelState, RunningModels } from './running-models.js';

/** A configuration has at most 32 KiB. */
const MAX_BODY_BYTES = 1024 * 1024;
const EXTENSIONS = [
  'classification',
  'model_configuration',
  'model_repository',
  'model_repository(unload_dependents)',
  'statistics',
  'binary_tensor_data',
];
const PATHS = [
  'GET /v2',
  'GET /v2/health/live',
  'GET /v2/health/ready',
  'GET /v2/models/stats',
  'GET /v2/openapi.json',
  'POST /v2/repository/index',
  'POST /v2/repository/models/{name}/load',
  'POST /v2/repository/models/{name}/unload',
  'and the paths below /v2/models/{name}',
].join(', ');

/** A model that a message of gRPC names. An empty version means the newest one. */
interface Named {
  readonly name: string;
  readonly version: string;
}

/** One line of the repository's index. */
interface IndexLine {
  readonly name: string;
  readonly version: string;
  readonly state: ModelState;
  readonly reason: string;
}

/**
 * Answers what is asked of the whole server: its health and metadata, its repository, and all of gRPC. Requests by HTTP for a model that is loaded do not
 * come here, because each model has a route of its own.
 */
export class Repository {
  readonly #registry: Registry;
  readonly #dir: string;
  readonly #models: RunningModels;
  readonly #changes = new ModelChanges();

  /** @param dir the cluster's folder */
  constructor(dir: string, models = new RunningModels()) {
    this.#dir = dir;
    this.#models = models;
    this.#registry = new Registry(dir);
  }

  async fetch(request: Request): Promise<Response> {
    try {
      return await this.#answer(request);
    } catch (error) {
      return errorResponse(error);
    }
  }

  async serverLive() {
    return { live: true };
  }

  async serverReady() {
    return { ready: await this.#isReady() };
  }

  async modelReady({ name, version }: Named) {
    const model = (await this.#models.all()).get(name);
    if (model?.state !== 'READY') return { ready: false };
    // To ask a model that was scaled to zero would start a replica, and wait for it.
    if (!model.hasReplica) return { ready: version === '' || registeredVersions(this.#registry, name).includes(version) };
    try {
      await this.#models.facts(name, version);
      return { ready: true };
    } catch (error) {
      const isGone = hasCode(error, { code: 'NBS_NO_REPLICA' }) || (isNbserveError(error) && error.status === 404);
      if (isGone) return { ready: false };
      throw error;
    }
  }

  async serverMetadata() {
    return { name: 'nbserve', version: '2', extensions: EXTENSIONS };
  }

  async modelMetadata({ name, version }: Named) {
    return telling(async () => (await this.#models.facts(name, version)).metadata);
  }

  async modelConfig({ name, version }: Named) {
    return telling(async () => ({
      config: inJsonNames((await this.#models.facts(name, version)).config),
    }));
  }

  async modelStatistics({ name, version }: Named) {
    return telling(async () => {
      const all = name === '' ? await this.#models.allFacts() : [await this.#models.facts(name, version)];
      return { modelStats: inJsonNames(all.flatMap(({ statistics }) => statistics)) };
    });
  }

  async modelInfer(message: GrpcInferRequest) {
    return telling(async () => {
      const request = fromGrpc(message);
      const answer = await this.#models.call(message.modelName, (handle) => handle.infer.remote(message.modelVersion, request));
      return toGrpc(message.modelName, answer, request);
    });
  }

  /** Answers each message of a stream in its turn. An error is sent as a message, and the stream goes on, as in Triton, unless the client has left. */
  async *modelStreamInfer(messages: AsyncIterable<GrpcInferRequest>, call?: Pick<GrpcCall, 'signal'>) {
    for await (const message of messages) {
      let answer: { readonly errorMessage: string; readonly inferResponse: object };
      try {
        answer = { errorMessage: '', inferResponse: await this.modelInfer(message) };
      } catch (error) {
        if (call?.signal.aborted === true) throw error;
        answer = { errorMessage: failureFor(error), inferResponse: { id: message.id } };
      }
      yield answer;
    }
  }

  async repositoryIndex({ ready = false }: { readonly ready?: boolean }) {
    const lines = await this.#index();
    return {
      models: ready ? lines.filter(({ state }) => state === 'READY') : lines,
    };
  }

  async repositoryModelLoad(message: {
    readonly repositoryName: string;
    readonly modelName: string;
    readonly parameters?: object;
  }) {
    const modelName = message.modelName || message.repositoryName;
    await telling(() => this.#load(modelName, message.parameters));
    return { modelName, isLoaded: true };
  }

  async repositoryModelUnload(message: { readonly repositoryName: string; readonly modelName: string }) {
    const modelName = message.modelName || message.repositoryName;
    await telling(() => this.#unload(modelName));
    return { modelName, isUnloaded: true };
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    const path = withoutSlashes(pathname);
    const { method } = request;
    if (method === 'GET' || method === 'HEAD') {
      if (path === '/v2') return Response.json(await this.serverMetadata());
      if (path === '/v2/health/live') return Response.json(await this.serverLive());
      if (path === '/v2/health/ready') {
        const ready = await this.#isReady();
        return Response.json({ ready }, { status: ready ? 200 : 503 });
      }
      if (path === '/v2/models/stats')
        return Response.json({ model_stats: (await this.#models.allFacts()).flatMap(({ statistics }) => statistics) });
      if (path === '/v2/openapi.json')
        return Response.json(openapiOf((await this.#models.allFacts()).map(({ metadata }) => metadata)));
    }
    const [, change, action] = /^\/v2\/repository\/models\/([^/]+)\/(load|unload)$/.exec(path) ?? [];
    if (method === 'POST' && change !== undefined) {
      const name = decodedPart(change);
      const { parameters } = await readJson(request);
      if (action === 'load') await this.#load(name, parameters);
      else await this.#unload(name);
      return Response.json({});
    }
    if (path === '/v2/repository/index' && method === 'POST') {
      const { ready } = await readJson(request);
      return Response.json((await this.repositoryIndex({ ready: ready === true })).models);
    }
    // The models that are loaded have their own routes, so this one is not.
    const [, model] = /^\/v2\/models\/([^/]+)(?:\/|$)/.exec(path) ?? [];
    if (model !== undefined) throw await this.#models.noSuchModel(decodedPart(model));
    throw NoSuchPath({ method, path: pathname.slice(0, 200), valid: PATHS });
  }

  /** As Triton's strict readiness: every model is ready, apart from those that were unloaded. */
  async #isReady(): Promise<boolean> {
    return [...(await this.#models.all()).values()].every(({ state }) => state === 'READY');
  }

  async #index(): Promise<IndexLine[]> {
    const running = await this.#models.all();
    const registry = this.#registry.now();
    const names = [...new Set([...namesIn(registry), ...running.keys()])].sort();
    const lines = await Promise.all(
      names.map(async (name): Promise<IndexLine[]> => {
        const app = running.get(name);
        if (app === undefined) return [{ name, version: '', state: 'UNAVAILABLE', reason: 'unloaded' }];
        const { state, message, hasReplica } = app;
        if (state !== 'READY') return [{ name, version: '', state, reason: forClients(message, registry) }];
        const facts = hasReplica ? await this.#models.factsSoon(name) : undefined;
        const versions = (facts?.metadata.versions as string[] | undefined) ?? registeredVersions(registry, name);
        return versions.map((version) => ({ name, version, state, reason: '' }));
      }),
    );
    return lines.flat();
  }

  /** @throws NBS_OIP_CONTROL_REFUSED */
  #checkControl(name: string): void {
    if (controlModeOf(this.#registry.now(), name) === 'none') throw ModelsFixed({ name });
  }

  async #load(name: string, parameters: unknown): Promise<void> {
    this.#checkControl(name);
    return this.#changes.load(name, async (signal) => {
      const config = configOfLoad(parameters);
      try {
        findModel(this.#registry, name, config);
        await changeModels({ kind: 'load', name, dir: this.#dir, ...(config === undefined ? {} : { config }) }, signal);
      } catch (error) {
        throw this.#forClients(name, error);
      }
    });
  }

  /** An error of a load without the folders of this machine and what processes have printed, which only its log has. */
  #forClients(name: string, error: unknown): unknown {
    if (!isNbserveError(error) || hasCode(error, NotInRepository)) return error;
    const registry = this.#registry.now();
    const text = forClients(error.message, registry);
    if (text === error.message) return error;
    console.error(error.message);
    const { reason } = error.details;
    const told = hasCode(error, LoadRefused) && typeof reason === 'string' ? forClients(reason, registry) : text;
    return LoadRefused({ name, what: 'loaded', reason: told });
  }

  async #unload(name: string): Promise<void> {
    this.#checkControl(name);
    return this.#changes.unload(name, async (hadLoad) => {
      const running = (await this.#models.all()).get(name);
      if (running === undefined && !namesIn(this.#registry).includes(name))
        throw NotInRepository({
          name: name.slice(0, 128),
          valid: listOf(namesIn(this.#registry)),
        });
      this.#models.forget(name);
      // A load that was ended may have sent the application, which the status does not show yet.
      if (running === undefined && !hadLoad) return;
      const application = running?.application ?? applicationOf(this.#registry, name);
      await changeModels({ kind: 'unload', name, application, dir: this.#dir });
    });
  }
}

/** The application that a load of the model deploys. */
const applicationOf = (registry: Known, name: string): string =>
  registry.models().find(({ spec }) => spec.name === name)?.application ?? name;

/** The versions of a model when it was served last. */
function registeredVersions(registry: Known, name: string): readonly string[] {
  const found = registry.models().find(({ spec }) => spec.name === name);
  return found?.spec.versions.map(({ version }) => version) ?? [''];
}

/** Lets clients of gRPC read the errors that are about their requests. */
async function telling<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw isNbserveError(error) && error.status < 500 ? aboutInput(error) : error;
  }
}

async function readJson(request: Request): Promise<Record<string, unknown>> {
  limitBody(request, MAX_BODY_BYTES);
  const text = await request.text();
  try {
    const parsed: unknown = text.trim() === '' ? {} : JSON.parse(text);
    if (isRecord(parsed)) return parsed;
  } catch {
    // The error below says what is wrong.
  }
  throw BadInference({ reason: 'the body must be a JSON object, or empty' });
}

/** `max_batch_size` → `maxBatchSize`, at every depth. */
function inJsonNames(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inJsonNames);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [
      key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      inJsonNames(each),
    ]),
  );
}
