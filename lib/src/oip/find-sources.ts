import { statSync } from 'node:fs';
import { basename, dirname, extname, resolve } from 'node:path';
import { NoModelsThere } from './errors.js';
import { checkModelName, isRepository, modelsIn, readModelFolder } from './model-folder.js';
import { type ModelSpec, versionSpec } from './model-spec.js';
import type { ServeValues } from './serve-options.js';

/** A model to serve, and what to say about it. */
export interface ModelSource {
  readonly spec: ModelSpec;
  /** The repository that it was found in; `null` for a file. */
  readonly repository: string | null;
  readonly notes: readonly string[];
}

/**
 * The models at a path: that of a file, those of a folder in Triton's layout, or the only one of a folder in such a folder.
 * @throws NBS_OIP_NO_MODELS, NBS_OIP_CONFIG, NBS_OIP_MODEL_NAME
 */
export function findSources(path: string, options: ServeValues): readonly ModelSource[] {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined)
    throw NoModelsThere({
      path: resolve(path),
      reason: 'there is no such file or folder',
    });
  if (!found.isDirectory()) return [{ spec: fileSpec(resolve(path), options), repository: null, notes: [] }];
  const folder = resolve(path);
  if (isRepository(folder)) return modelsIn(folder).map((name) => folderSource(folder, name, options));
  const parent = dirname(folder);
  if (modelsIn(parent).includes(basename(folder)))
    return [{ ...folderSource(parent, basename(folder), options), repository: null }];
  throw NoModelsThere({
    path: folder,
    reason: 'a folder of models has a folder for each model, in it a folder for each version such as 1, and in that model.onnx',
  });
}

function folderSource(repository: string, name: string, options: ServeValues): ModelSource {
  const { spec, ignored } = readModelFolder(repository, name);
  const notes =
    ignored.length === 0 ? [] : [`${name}: these fields of its configuration have no effect here: ${ignored.join(', ')}`];
  return { spec: withOptions(spec, options), repository, notes };
}

function fileSpec(file: string, options: ServeValues): ModelSpec {
  const folder = basename(dirname(file));
  const isNumbered = /^[1-9]\d{0,14}$/.test(folder);
  const stem = basename(file, extname(file));
  // A file called model.onnx in a numbered folder has the name of the folder above, as in Triton's layout.
  const usual = stem === 'model' && isNumbered ? basename(dirname(dirname(file))) : stem;
  const version = String(options.version ?? (isNumbered ? folder : 1));
  const spec: ModelSpec = {
    name: checkModelName(options.name ?? usual),
    versions: [versionSpec(version, file)],
    maxBatchSize: null,
    batchWaitMs: 0,
    device: 'auto',
    intraOpThreads: 0,
    warmup: true,
    labels: {},
    numReplicas: 1,
    gpus: 0,
  };
  return withOptions(spec, options);
}

/** Options go before what the model's configuration says. */
function withOptions(spec: ModelSpec, options: ServeValues): ModelSpec {
  return {
    ...spec,
    name: options.name === undefined ? spec.name : checkModelName(options.name),
    maxBatchSize: options.maxBatchSize ?? spec.maxBatchSize,
    batchWaitMs: options.batchWaitMs ?? spec.batchWaitMs,
    device: options.device ?? spec.device,
    intraOpThreads: options.intraOpThreads ?? spec.intraOpThreads,
    warmup: options.warmup ?? spec.warmup,
    numReplicas: options.replicas ?? spec.numReplicas,
  };
}
