import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import { isRecord } from '../core/index.js';
import { InvalidModelConfig, InvalidModelName, NoModelsThere } from './errors.js';
import { type ModelSpec, versionSpec } from './model-spec.js';
import { fromPlain, readTritonConfig, type TritonConfig, type VersionPolicy } from './triton-config.js';

const USUAL_FILE = 'model.onnx';
const TRITON_CONFIG = 'config.pbtxt';
const YAML_CONFIG = 'config.yaml';
const NO_CONFIG: TritonConfig = { labelFiles: {}, ignored: [] };

export interface FolderModel {
  readonly spec: ModelSpec;
  /** Fields of its configuration that have no effect. */
  readonly ignored: readonly string[];
}

const foldersIn = (path: string): string[] =>
  readdirSync(path, { withFileTypes: true })
    .filter((entry) => !entry.name.startsWith('.') && isFolder(join(path, entry.name)))
    .map((entry) => entry.name);

/** The names of the models of a repository in Triton's layout: folders with a configuration or with a numbered version. A folder that is gone has none. */
export function modelsIn(repository: string): string[] {
  if (!isFolder(repository)) return [];
  return foldersIn(repository)
    .filter((name) => configFileOf(join(repository, name)) !== undefined || versionsIn(join(repository, name)).length > 0)
    .sort();
}

/** True for a folder of models, and false for the folder of one model. */
export const isRepository = (path: string): boolean => modelsIn(path).length > 0;

/**
 * @param wanted is used instead of the policy of the configuration
 * @param only the only version that is wanted, whatever a policy says
 * @throws NBS_OIP_NO_MODELS, NBS_OIP_CONFIG, NBS_OIP_MODEL_NAME
 */
export function readModelFolder(repository: string, name: string, wanted?: VersionPolicy, only?: string): FolderModel {
  const folder = resolve(repository, checkModelName(name));
  const file = configFileOf(folder);
  const config = file === undefined ? NO_CONFIG : readConfigFile(file, name);
  const policy: VersionPolicy =
    only === undefined ? (wanted ?? config.versions ?? { kind: 'latest', count: 1 }) : { kind: 'specific', versions: [only] };
  const versions = chosen(versionsIn(folder), policy).map((version) => {
    const path = join(folder, version, config.fileName ?? USUAL_FILE);
    if (!existsSync(path))
      throw NoModelsThere({
        path,
        reason: `the version ${version} of ${name} has no such file`,
      });
    return versionSpec(version, path);
  });
  if (versions.length === 0)
    throw NoModelsThere({
      path: folder,
      reason: `${only === undefined ? '' : `it has no version ${only}; `}a version is a folder with a number for a name that contains ${USUAL_FILE}`,
    });
  const labels = Object.entries(config.labelFiles).map(([output, each]) => {
    const path = join(folder, each);
    if (!existsSync(path))
      throw InvalidModelConfig({ file: file ?? folder, reason: `label_filename of the output ${output}: there is no ${path}` });
    return [output, linesOf(path)] as const;
  });
  const spec: ModelSpec = {
    name,
    versions,
    maxBatchSize: config.maxBatchSize ?? null,
    batchWaitMs: config.batchWaitMs ?? 0,
    device: 'auto',
    intraOpThreads: config.intraOpThreads ?? 0,
    warmup: true,
    labels: Object.fromEntries(labels),
    numReplicas: config.instances ?? 1,
    gpus: config.gpus ?? null,
    load: {},
  };
  const absent =
    policy.kind === 'specific' ? policy.versions.filter((each) => !versions.some(({ version }) => version === each)) : [];
  return {
    spec,
    ignored: [...config.ignored, ...absent.map((version) => `version_policy.specific ${version} (it is not there)`)],
  };
}

/** @throws NBS_OIP_MODEL_NAME */
export function checkModelName(name: string): string {
  if (/^[A-Za-z0-9][\w.-]{0,127}$/.test(name) && name !== 'stats') return name;
  throw InvalidModelName({ name: JSON.stringify(name).slice(0, 160) });
}

function readConfigFile(file: string, name: string): TritonConfig {
  try {
    const source = readFileSync(file, 'utf8');
    const config = file.endsWith(TRITON_CONFIG) ? readTritonConfig(source) : fromYaml(parse(source));
    if (config.name !== undefined && config.name !== name)
      throw new Error(`its name is ${config.name}, and its folder is called ${name}`);
    return config;
  } catch (error) {
    throw InvalidModelConfig({ file, reason: (error as Error).message }, error);
  }
}

function fromYaml(value: unknown): TritonConfig {
  if (value === null || value === undefined) return NO_CONFIG;
  if (!isRecord(value)) throw new Error('it must be a mapping with the field names of config.pbtxt');
  return fromPlain(value);
}

const configFileOf = (folder: string): string | undefined =>
  [TRITON_CONFIG, YAML_CONFIG].map((name) => join(folder, name)).find((file) => existsSync(file));

/** The numbered folders, the smallest number first. */
const versionsIn = (folder: string): string[] =>
  isFolder(folder)
    ? foldersIn(folder)
        .filter((name) => /^[1-9]\d{0,14}$/.test(name))
        .sort((a, b) => Number(a) - Number(b))
    : [];

function chosen(versions: readonly string[], policy: VersionPolicy): readonly string[] {
  if (policy.kind === 'all') return versions;
  if (policy.kind === 'latest') return versions.slice(-policy.count);
  return versions.filter((version) => policy.versions.includes(version));
}

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

/** The line of a text is the number of its class, so empty ones count. Only the end of the last line is no line. */
const linesOf = (file: string): string[] =>
  readFileSync(file, 'utf8')
    .replace(/\r?\n$/, '')
    .split(/\r?\n/);
