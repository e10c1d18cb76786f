import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type CodeRef, compileModule, nameOfOwnModule, ownClassOf, refOf, type SourceRegistry } from '../code/index.js';
import { isIngress } from '../ingress/index.js';
import type { PlacedDeployment } from './application.js';
import { ModuleChanged, NoModule, NoPolicySource, NotRepeatable } from './errors.js';
import { GraphDriver } from './graph/index.js';
import { hasChanged, mappedSites, originOf } from './modules/index.js';
import { OwnCode } from './own-code.js';
import type { DeploymentConfig } from './protocol/index.js';
import { readRuntimeEnv } from './runtime-env.js';
import type { Blob } from './upload.js';

/** A deployment's code in the form in which it is sent. */
export interface PackedCode {
  readonly ref: CodeRef;
  readonly blobs: readonly Blob[];
  /** The options of the deployment, with the files that they name read. */
  readonly config: DeploymentConfig;
  /** What the user should know, e.g. that the value of a variable was copied. */
  readonly notes: readonly string[];
}

let registry: SourceRegistry | null = null;

/** A notebook's kernel sets the registry that has the source of what cells define. */
export function setSourceRegistry(value: SourceRegistry | null): void {
  registry = value;
}

/** The id of what a notebook's cell defined, if one did. */
export const cellSourceOf = (target: unknown): string | undefined => registry?.sourceOf(target);

/** @throws NBS_CANNOT_SHIP with the chain of references; NBS_RUNTIME_ENV, NBS_NO_SOURCE, NBS_NO_MODULE, NBS_NO_POLICY_SOURCE, NBS_NOT_REPEATABLE, NBS_MODULE_CHANGED */
export async function packCode(placed: PlacedDeployment): Promise<PackedCode> {
  const packed = await packTarget(placed);
  return isIngress(placed.definition.target) ? { ...packed, ref: { ...packed.ref, ingress: true } } : packed;
}

async function packTarget({ definition, policyOf }: PlacedDeployment): Promise<PackedCode> {
  const { name, target } = definition;
  if (target === GraphDriver || target === OwnCode)
    return { ref: { kind: 'builtin', hash: 'graph', folder: process.cwd() }, config: definition.config, blobs: [], notes: [] };
  const own = ownClassOf(target);
  if (own !== undefined) {
    const folder = process.cwd();
    const config = await readRuntimeEnv(name, definition.config, folder);
    return {
      ref: { kind: 'builtin', hash: own.name, module: nameOfOwnModule(own.module), folder },
      config,
      blobs: [],
      notes: [],
    };
  }
  if (registry?.sourceOf(target) !== undefined) {
    const pack = await registry.pack(target);
    const config = await readRuntimeEnv(name, definition.config, pack.folder);
    return { ref: refOf(pack), config, blobs: [{ hash: pack.hash, bytes: pack.code }, ...pack.values], notes: pack.notes };
  }
  const origin = originOf(target);
  if (origin === undefined) throw policyOf === undefined ? NoModule({ name }) : NoPolicySource({ deployment: policyOf });
  const { file, isOfFiles, stamps } = origin;
  if (!isOfFiles) throw NotRepeatable({ name, file });
  const changed = stamps.find(hasChanged);
  if (changed !== undefined) throw ModuleChanged({ name, file: changed.file });
  const config = await readRuntimeEnv(name, definition.config, dirname(file));
  const packages = Object.keys(config.runtimeEnv?.npm?.dependencies ?? {});
  const ran = packages.length > 0 ? undefined : origin.compiled;
  const compiled = ran ?? (await compileModule(file, packages));
  const bytes = await readFile(compiled.bundle);
  const { ref } = origin;
  // What ran from the bundle has its positions already.
  const sites = ran === undefined ? mappedSites(ref.sites, bytes.toString()) : ref.sites;
  return {
    ref: { kind: 'module', file: compiled.file, hash: compiled.hash, deployment: origin.name, definition: { ...ref, sites } },
    config,
    blobs: [{ hash: compiled.hash, bytes }],
    notes: [],
  };
}
