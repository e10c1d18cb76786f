import { statSync } from 'node:fs';
import { basename, dirname, extname, resolve } from 'node:path';
import { NoModelsThere } from './errors.js';
import { checkModelName, type FolderModel, isRepository, modelsIn, readModelFolder } from './model-folder.js';
import { type ModelSpec, versionSpec } from './model-spec.js';
import type { ServeValues } from './serve-options.js';
import type { VersionPolicy } from './triton-config.js';

/** The folder of a model, in a repository in Triton's layout. */
export interface FolderPlace {
  readonly repository: string;
  readonly name: string;
}

/** A model to serve, and what to say about it. */
export interface ModelSource {
  readonly spec: ModelSpec;
  /** The repository that was served as a whole; `null` for a file and for a single model. */
  readonly repository: string | null;
  /** Where its folder is; `null` for a file. */
  readonly place: FolderPlace | null;
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
  if (!found.isDirectory()) return [{ spec: fileSpec(resolve(path), options), repository: null, place: null, notes: [] }];
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
  const place = { repository, name };
  const { spec, ignored } = readPlace(place, options);
  const notes =
    ignored.length === 0 ? [] : [`${name}: these fields of its configuration have no effect here: ${ignored.join(', ')}`];
  return { spec, repository, place, notes };
}

/**
 * A model as its folder is now, with the options of `onnx.serve`.
 * @param policy is used instead of that of the model's configuration
 * @throws NBS_OIP_NO_MODELS, NBS_OIP_CONFIG, NBS_OIP_MODEL_NAME
 */
export function readPlace({ repository, name }: FolderPlace, options: ServeValues, policy?: VersionPolicy): FolderModel {
  const { spec, ignored } = readModelFolder(repository, name, policy, options.version?.toString());
  return { spec: withOptions(spec, options), ignored };
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
    gpus: null,
    load: {},
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
    gpus: options.gpus ?? spec.gpus,
    load: loadOptionsOf(options),
  };
}

function loadOptionsOf({ strict, verify, shareWeights, cacheOptimized, runIn }: ServeValues): ModelSpec['load'] {
  return {
    ...(strict === undefined ? {} : { strict }),
    ...(verify === undefined ? {} : { verify }),
    ...(shareWeights === undefined ? {} : { shareWeights }),
    ...(cacheOptimized === undefined ? {} : { cacheOptimized }),
    ...(runIn === undefined ? {} : { runIn }),
  };
}
