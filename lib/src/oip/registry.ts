import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { shortId } from '../core/index.js';
import type { DeploymentOptions } from '../serve/index.js';
import type { FolderPlace } from './find-sources.js';
import type { ModelSpec } from './model-spec.js';
import type { ServeValues } from './serve-options.js';

/** A model that was served, so that it can be loaded again after it was unloaded. */
export interface RegisteredModel {
  readonly spec: ModelSpec;
  /** The application that answers for it. */
  readonly application: string;
  /** Options of its deployment that `onnx.serve` got. */
  readonly deployment: DeploymentOptions;
  /** Whether clients may load and unload it. A registry of an older version does not say it. */
  readonly modelControlMode?: ServeValues['modelControlMode'];
  /** Where its folder is, and the options with which it is read; `null` for a file. */
  readonly folder: { readonly place: FolderPlace; readonly options: ServeValues } | null;
}

/** A folder of models that was served as a whole, and how, so that models can be added to it later. */
export interface ServedFolder {
  readonly path: string;
  readonly options: ServeValues;
  readonly deployment: DeploymentOptions;
}

/** The files are in the format of structured clone, because options can contain tensors. */
const ENDING = '.model';
const FOLDERS = 'folders';

/** What a registry knows. */
export type Known = Pick<Registry, 'models' | 'folders'>;

/** What the repository of a cluster contains. It is in files of the cluster's folder, because drivers and the replica of the repository share it. */
export class Registry {
  readonly #folder: string;

  /** @param dir the cluster's folder */
  constructor(dir: string) {
    this.#folder = join(dir, 'models');
  }

  add({ deployment, folder, ...model }: RegisteredModel): void {
    const kept = { ...model, deployment: storable(deployment), folder };
    this.#write(`${model.spec.name}${ENDING}`, folder === null ? kept : { ...kept, folder: withoutDeployment(folder) });
  }

  /** Adds a folder of models in Triton's layout, or replaces its options. */
  addFolder(path: string, options: ServeValues): void {
    // What says which one model is meant is not for those that come later.
    const { name: _, version: __, application: ___, deployment, ...others } = options;
    const added = { path, options: { ...others, deployment: {} }, deployment: storable(deployment) };
    this.#write(FOLDERS, [...this.folders().filter((each) => each.path !== path), added]);
  }

  models(): readonly RegisteredModel[] {
    return this.#names()
      .filter((name) => name.endsWith(ENDING))
      .sort()
      .map((name) => this.#read(name) as RegisteredModel);
  }

  folders(): readonly ServedFolder[] {
    return this.#names().includes(FOLDERS) ? (this.#read(FOLDERS) as ServedFolder[]) : [];
  }

  /** As it is now, read once: for work that looks at it for each model. */
  now(): Known {
    const [models, folders] = [this.models(), this.folders()];
    return { models: () => models, folders: () => folders };
  }

  #names(): string[] {
    try {
      return readdirSync(this.#folder);
    } catch {
      return [];
    }
  }

  #read(name: string): unknown {
    return deserialize(readFileSync(join(this.#folder, name)));
  }

  // Whoever reads it sees the old file or the new one.
  #write(name: string, value: unknown): void {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    const draft = join(this.#folder, `.${shortId()}`);
    writeFileSync(draft, serialize(value), { mode: 0o600 });
    renameSync(draft, join(this.#folder, name));
  }
}

/** A policy of scaling is code, which a file cannot hold. */
function storable({ autoscaling, ...others }: DeploymentOptions): DeploymentOptions {
  if (autoscaling === undefined) return others;
  const { policy: _, ...kept } = autoscaling;
  return { ...others, autoscaling: kept };
}

/** The options of the deployment stand beside the folder. */
const withoutDeployment = ({ place, options }: NonNullable<RegisteredModel['folder']>): RegisteredModel['folder'] => ({
  place,
  options: { ...options, deployment: {} },
});
