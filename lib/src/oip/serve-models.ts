import { type Client, runningCluster } from '../host/index.js';
import type { Feeds, Results, Tensor } from '../onnx/index.js';
import { type DeploymentHandle, serve } from '../serve/index.js';
import { deployModel, deployRepository } from './deploy-model.js';
import { findSources, type ModelSource } from './find-sources.js';
import type { ModelServer } from './model-server.js';
import { pathOf } from './names.js';
import { Registry } from './registry.js';
import { checkCount, checkPath, parseServeOptions, type ServeValues } from './serve-options.js';
import type { ServedModel, ServeModelOptions } from './types.js';

/**
 * Serves ONNX models under the Open Inference Protocol, without code: `await onnx.serve('mnist.onnx')`. The path is that of a file, of a folder of models
 * in Triton's layout, or of one model in such a folder; with a folder of models, the result is a list. It starts the cluster if none runs, and resolves when
 * every replica has loaded its model and has run it once.
 * @throws NBS_OIP_NO_MODELS, NBS_OIP_CONFIG, NBS_OIP_MODEL_NAME, NBS_OIP_NAME_TAKEN, NBS_OIP_SERVER_NAME_TAKEN, NBS_UNKNOWN_OPTION, NBS_INVALID_OPTION, and what `onnx.load` throws
 */
export async function serveModels(path: string, options: ServeModelOptions = {}): Promise<ServedModel[]> {
  const values = parseServeOptions(options);
  const sources = findSources(checkPath(path), values);
  checkCount(
    values,
    sources.map(({ place, spec }) => place?.name ?? spec.name),
  );
  await serve.start();
  const client = await runningCluster();
  // A replica loads the module that its class is in. There, `serve.start` does nothing, and neither does this.
  return client === null ? sources.map(pretended) : serveOn(client, sources, values);
}

/** A model that is not served, for the lines of a module after `onnx.serve`. */
function pretended({ spec: { name, versions } }: ModelSource): ServedModel {
  return {
    name,
    versions: versions.map(({ version }) => version),
    url: 'about:blank',
    run: () => new Promise(() => {}),
  };
}

/** Serves models on a cluster. */
export async function serveOn(client: Client, sources: readonly ModelSource[], values: ServeValues): Promise<ServedModel[]> {
  const registry = new Registry(client.cluster.dir);
  await deployRepository(client);
  const served = sources.map(async ({ spec, repository, place, notes }): Promise<ServedModel> => {
    for (const note of notes) console.error(`note: ${note}`);
    const application = values.application ?? spec.name;
    const handle = await deployModel(client, spec, {
      application,
      hasRoute: values.route,
      deployment: values.deployment,
    });
    if (values.route) {
      if (repository !== null) registry.addFolder(repository, values);
      const folder = place === null ? null : { place, options: values };
      const { deployment, modelControlMode } = values;
      registry.add({ spec, application, deployment, modelControlMode, folder });
    }
    return {
      name: spec.name,
      versions: spec.versions.map(({ version }) => version),
      url: client.cluster.url === '' ? '' : new URL(pathOf(spec.name), client.cluster.url).href,
      run: (feeds, version = '') => runBy(handle, feeds, version),
    };
  });
  return Promise.all(served);
}

async function runBy(handle: DeploymentHandle<ModelServer>, feeds: Feeds, version: string): Promise<Results> {
  const { outputs } = await handle.infer.remote(version, {
    id: '',
    feeds,
    outputs: null,
    binaryByDefault: true,
  });
  return Object.fromEntries(outputs.map(({ name, tensor }) => [name, tensor as Tensor]));
}
