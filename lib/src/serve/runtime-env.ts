import { readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { isRecord } from '../core/index.js';
import { BadRuntimeEnv } from './errors.js';
import { foreignPackage } from './npm-lock.js';
import { type DeploymentConfig, isRegistryPackage, type NpmPackages, type RuntimeEnv } from './protocol/index.js';

/** Parts of a `package.json` that decide what npm installs. Scripts are not among them. */
const MANIFEST = [
  'name',
  'version',
  'type',
  'dependencies',
  'devDependencies',
  'optionalDependencies',
  'peerDependencies',
  'peerDependenciesMeta',
  'overrides',
] as const;

/**
 * Reads the files that the option `runtimeEnv` names, so that the cluster needs none of them. Variables of the `.env` file are put below those of `env`.
 * @param folder the folder of the notebook or module
 * @throws NBS_RUNTIME_ENV
 */
export async function readRuntimeEnv(deployment: string, config: DeploymentConfig, folder: string): Promise<DeploymentConfig> {
  if (config.runtimeEnv === undefined) return config;
  const { npm, workingDir, envFile, ...others } = config.runtimeEnv;
  const refuse = (option: string, problem: string, cause?: unknown): never => {
    throw BadRuntimeEnv({ deployment, option, problem }, cause);
  };
  const packages = npm?.file === undefined ? npm : await readManifest(resolve(folder, npm.file), refuse);
  const runtimeEnv: RuntimeEnv = {
    ...others,
    ...(packages !== undefined && Object.keys(packages.dependencies).length > 0 && { npm: packages }),
    ...(workingDir !== undefined && { workingDir: await existing(resolve(folder, workingDir), refuse) }),
  };
  const { env } = config;
  if (envFile === undefined) return { ...config, runtimeEnv };
  const fromFile = await readVariables(resolve(folder, envFile), refuse);
  return { ...config, runtimeEnv, env: { ...env, variables: { ...fromFile, ...env.variables } } };
}

type Refuse = (option: string, problem: string, cause?: unknown) => never;

async function existing(path: string, refuse: Refuse): Promise<string> {
  const found = await stat(path).catch(() => null);
  if (found?.isDirectory() !== true) refuse('workingDir', `${path} ${found === null ? 'does not exist' : 'is not a folder'}`);
  return path;
}

async function readVariables(path: string, refuse: Refuse): Promise<Record<string, string>> {
  const text = await readFile(path, 'utf8').catch((error: Error) => refuse('envFile', error.message, error));
  return parseEnv(text) as Record<string, string>;
}

async function readManifest(path: string, refuse: Refuse): Promise<NpmPackages> {
  const text = await readFile(path, 'utf8').catch((error: Error) => refuse('npm', error.message, error));
  const parsed = parseManifest(text, path, refuse);
  const { dependencies = {}, optionalDependencies = {} } = parsed;
  if (!isRecord(dependencies) || !isRecord(optionalDependencies))
    return refuse('npm', `the dependencies of ${path} are no objects`);
  const all = Object.entries({ ...optionalDependencies, ...dependencies });
  for (const [name, range] of all) {
    if (!isRegistryPackage(name, range))
      refuse(
        'npm',
        `${path} names ${name}: ${JSON.stringify(range)}, but only packages of the npm registry can be installed: a version, range or tag`,
      );
  }
  checkOthers(parsed, (name, range) =>
    refuse(
      'npm',
      `${path} names ${name}: ${JSON.stringify(range)} in peerDependencies or overrides, but only packages of the npm registry can be installed: a version, range or tag`,
    ),
  );
  const lockPath = join(dirname(path), 'package-lock.json');
  const lock = await readFile(lockPath, 'utf8').catch(() => undefined);
  const foreign = lock === undefined ? undefined : await foreignPackage(parseManifest(lock, lockPath, refuse), dirname(path));
  if (foreign !== undefined)
    refuse('npm', `${lockPath} takes ${foreign}, but only packages of the npm registry can be installed`);
  const kept = MANIFEST.flatMap((key) => (parsed[key] === undefined ? [] : [[key, parsed[key]] as const]));
  return {
    dependencies: Object.fromEntries(all as [string, string][]),
    manifest: JSON.stringify({ ...Object.fromEntries(kept), private: true }),
    ...(lock === undefined ? {} : { lock }),
  };
}

/** Checks the parts of a `package.json` that can make npm install other packages than its dependencies, from elsewhere. */
function checkOthers(
  { peerDependencies, overrides }: Record<string, unknown>,
  refuse: (name: string, range: unknown) => never,
): void {
  if (isRecord(peerDependencies))
    for (const [name, range] of Object.entries(peerDependencies)) if (!isRegistryPackage(name, range)) refuse(name, range);
  const check = (group: Readonly<Record<string, unknown>>, parent: string): void => {
    for (const [key, value] of Object.entries(group)) {
      // A key may have the range for which it counts, and `.` is the package around it.
      const name = key === '.' ? parent : key.replace(/(?<=.)@.*$/, '');
      if (isRecord(value)) check(value, name);
      // `$name` is the range of a dependency, which is checked.
      else if (!(typeof value === 'string' && value.startsWith('$')) && !isRegistryPackage(name, value)) refuse(name, value);
    }
  };
  if (isRecord(overrides)) check(overrides, '');
}

function parseManifest(text: string, path: string, refuse: Refuse): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(text);
    if (isRecord(parsed)) return parsed;
  } catch (error) {
    return refuse('npm', `${path} is not valid JSON: ${(error as Error).message}`, error);
  }
  return refuse('npm', `${path} does not contain an object`);
}
