import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { listOf } from '../core/index.js';
import { InvalidModelConfig, NoModelsThere, NotInRepository } from './errors.js';
import { readPlace } from './find-sources.js';
import { LOAD_SOURCE, readLoadConfig } from './load-config.js';
import { modelsIn } from './model-folder.js';
import { type ModelSpec, USUAL_BATCH, versionSpec } from './model-spec.js';
import type { Known, RegisteredModel } from './registry.js';
import type { ServeValues } from './serve-options.js';
import type { TritonConfig } from './triton-config.js';

/** The names of all models that can be loaded. */
export function namesIn(registry: Known): string[] {
  // Each folder is read once, however many models of it are registered.
  const read = new Map<string, readonly string[]>();
  const namesOf = (repository: string): readonly string[] => {
    const names = read.get(repository) ?? modelsIn(repository);
    read.set(repository, names);
    return names;
  };
  // A folder that was served as a whole may have lost a model since.
  const isThere = ({ folder }: RegisteredModel): boolean =>
    folder === null || namesOf(folder.place.repository).includes(folder.place.name);
  const registered = registry.models().filter(isThere);
  const names = [...registered.map(({ spec }) => spec.name), ...registry.folders().flatMap(({ path }) => namesOf(path))];
  return [...new Set(names)].sort();
}

/**
 * The model of this name, as its files are now.
 * @param config the configuration that came with a load, as JSON. Only what costs the machine no more than before is taken from it: see {@link configured}
 * @throws NBS_OIP_NOT_IN_REPOSITORY, NBS_OIP_CONFIG, NBS_OIP_NO_MODELS
 */
export function findModel(registry: Known, name: string, config?: string): RegisteredModel {
  const given = config === undefined ? undefined : readLoadConfig(config, name);
  const registered = registry.models().find(({ spec }) => spec.name === name);
  if (registered !== undefined) {
    const { spec, folder } = registered;
    const now = folder === null ? renewed(spec) : readPlace(folder.place, folder.options, given?.versions).spec;
    return { ...registered, spec: configured(now, given) };
  }
  // A model that was added to a folder later has the options with which the folder was served.
  const served = registry.folders().find(({ path }) => modelsIn(path).includes(name));
  if (served !== undefined) {
    const { spec } = readPlace({ repository: served.path, name }, served.options, given?.versions);
    return { spec: configured(spec, given), application: name, deployment: served.deployment, folder: null };
  }
  throw NotInRepository({
    name: name.slice(0, 128),
    valid: listOf(namesIn(registry)),
  });
}

/** What clients may do with a model, also one that was added to a folder since. */
export function controlModeOf(registry: Known, name: string): ServeValues['modelControlMode'] {
  const own = registry.models().find(({ spec }) => spec.name === name);
  if (own !== undefined) return own.modelControlMode ?? 'explicit';
  return registry.folders().find(({ path }) => modelsIn(path).includes(name))?.options.modelControlMode ?? 'explicit';
}

/** What processes have printed, which a message about their end contains. */
const PRINTED = /; its last output on stderr:[\s\S]*$/;

/** The name of a machine in the message of an error about a file that is not there. */
const MACHINE = / on the machine [^,;]+/g;

/** A text for clients: the files of models are named without the folders that they are in, and machines and what processes have printed are left out. */
export function forClients(text: string, registry: Known): string {
  const own = registry.models().flatMap(({ spec, folder }) => [
    ...spec.versions.map(({ file }) => dirname(file)),
    // That of a single model is not among the folders that are served as a whole.
    ...(folder === null ? [] : [folder.place.repository]),
  ]);
  const folders = [...registry.folders().map(({ path }) => path), ...own].sort((a, b) => b.length - a.length);
  const told = text.replace(PRINTED, '').replace(MACHINE, ' on a machine of the cluster');
  return folders.reduce((left, folder) => left.replaceAll(join(folder, '/'), ''), told);
}

/** The same model with its files as they are now. @throws NBS_OIP_NO_MODELS */
function renewed(spec: ModelSpec): ModelSpec {
  const versions = spec.versions.map(({ version, file }) => {
    if (!existsSync(file)) throw NoModelsThere({ path: file, reason: 'the file is gone' });
    return versionSpec(version, file);
  });
  return { ...spec, versions };
}

/**
 * A model with what a load may change: how requests are joined, besides the versions, which are found by now. Every client may load a model, so the
 * number of processes, of GPUs and of threads, and the names of files, are those with which the owner of the cluster has served it.
 * @throws NBS_OIP_CONFIG
 */
function configured(spec: ModelSpec, config: TritonConfig | undefined): ModelSpec {
  const { maxBatchSize = spec.maxBatchSize, batchWaitMs = spec.batchWaitMs } = config ?? {};
  const most = Math.max(spec.maxBatchSize ?? 0, USUAL_BATCH);
  if ((maxBatchSize ?? 0) > most)
    throw InvalidModelConfig({ file: LOAD_SOURCE, reason: `max_batch_size of a load is at most ${most}, not ${maxBatchSize}` });
  return { ...spec, maxBatchSize, batchWaitMs };
}
