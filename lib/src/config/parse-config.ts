import { resolve } from 'node:path';
import { isRecord } from '../core/index.js';
import { GRPC_OPTIONS, START_OPTIONS } from '../serve/host.js';
import {
  AUTOSCALING_OPTIONS,
  DEPLOYMENT_OPTIONS,
  HEDGING_OPTIONS,
  RESOURCE_OPTIONS,
  ROLLING_UPDATE_OPTIONS,
} from '../serve/protocol/index.js';
import { APPLICATION_OPTIONS, CONFIG_OPTIONS } from './application-options.js';
import { type OptionGroup, OptionReader, type Path, shown, type Values } from './option-reader.js';
import {
  RAY_ACTOR,
  RAY_APPLICATION,
  RAY_AUTOSCALING,
  RAY_CONFIG,
  RAY_DEPLOYMENT,
  RAY_GRPC,
  RAY_HTTP,
  RAY_RUNTIME_ENV,
} from './ray-names.js';
import type { ApplicationConfig, DeployConfig, DeploymentOverride } from './types.js';
import { parseYaml } from './yaml-text.js';

export interface CheckedConfig extends DeployConfig {
  /** What was understood otherwise than written, such as a key of Ray Serve that has no meaning here. */
  readonly notes: readonly string[];
}

const { address: _, detached: __, ...CLUSTER_OPTIONS } = START_OPTIONS;
const { policy: ___, ...SCALING_OPTIONS } = AUTOSCALING_OPTIONS;
const { env: ENV, ...ACTOR_RESOURCES } = { ...RESOURCE_OPTIONS, env: DEPLOYMENT_OPTIONS.env };
const LOCATION = { what: 'proxy_location', options: { proxyLocation: CLUSTER_OPTIONS.proxyLocation }, ray: {} };
/** The folder is an option of Ray's runtime environment only. */
const RUNTIME_ENV: OptionGroup = {
  what: 'runtime_env',
  options: {
    envVars: ENV,
    workingDir: {
      ...APPLICATION_OPTIONS.importPath,
      isRequired: false,
      expected: 'a folder of this machine',
      parse: localFolder,
    },
  },
  ray: RAY_RUNTIME_ENV,
};

/**
 * Checks a configuration.
 * @param text YAML, or JSON, which is a part of it
 * @param name of the file, for messages
 * @param folder at which relative paths of modules and proto files start
 * @throws NBS_INVALID_CONFIG with the line
 */
export async function parseConfig(text: string, name: string, folder: string): Promise<CheckedConfig> {
  const yaml = await parseYaml(text, name);
  const reader = new OptionReader(yaml);
  const top = reader.read(
    {
      what: 'a configuration',
      options: CONFIG_OPTIONS,
      ray: RAY_CONFIG,
      inner: { cluster: { what: 'cluster', options: CLUSTER_OPTIONS, ray: {} } },
      special: {
        http_options: httpOptions(reader),
        grpc_options: grpcOptions(reader),
        proxy_location: (value, path) => reader.read(LOCATION, { proxyLocation: value }, path),
      },
    },
    yaml.value,
    [],
  );
  const { applications, cluster, rayHttp = {}, rayGrpc = {}, proxyLocation } = top;
  const fromRay = {
    ...(rayHttp as Values),
    ...(rayGrpc as Values),
    ...(proxyLocation === undefined ? {} : { proxyLocation }),
  };
  // Checked again, because Ray's keys for it are not in one group.
  const checked = reader.read({ what: 'cluster', options: CLUSTER_OPTIONS, ray: {} }, { ...fromRay, ...(cluster as Values) }, [
    'cluster',
  ]);
  const apps = (applications as readonly unknown[]).map((one, i) => readApplication(reader, one, ['applications', i], folder));
  refuseTwice(reader, apps, 'name');
  refuseTwice(reader, apps, 'routePrefix');
  return { cluster: withAbsolutePaths(checked, folder), applications: apps, notes: [...new Set(reader.notes)] };
}

const httpOptions =
  (reader: OptionReader) =>
  (value: unknown, path: Path): Values => {
    const { special, httpsOf } = sslOptions(reader);
    const group = { what: 'http_options', options: CLUSTER_OPTIONS, ray: RAY_HTTP, special };
    const http = reader.read(group, value ?? {}, path);
    return { rayHttp: { ...http, ...httpsOf(path) } };
  };

/** Ray names the certificate and its key by two options, which here are one. As in Ray, neither of them is given without the other. */
function sslOptions(reader: OptionReader) {
  const files: Values = {};
  const file =
    (key: string, ray: string) =>
    (value: unknown, at: Path): Values => {
      if (value === null) return {};
      if (typeof value !== 'string' || value === '')
        throw reader.fail(at, `${ray} must be the path of a file, not ${shown(value)}`);
      files[key] = value;
      return {};
    };
  const password = (value: unknown, at: Path): Values => {
    if (value === null) return {};
    throw reader.fail(at, 'ssl_keyfile_password of Ray Serve cannot be used here: give a key that is not encrypted');
  };
  const httpsOf = (path: Path): Values => {
    const given = Object.keys(files);
    if (given.length === 1) throw reader.fail(path, 'ssl_keyfile and ssl_certfile must be given together');
    return given.length === 0 ? {} : { https: files };
  };
  const special = {
    ssl_certfile: file('cert', 'ssl_certfile'),
    ssl_keyfile: file('key', 'ssl_keyfile'),
    ssl_keyfile_password: password,
  };
  return { special, httpsOf };
}

/** Ray answers gRPC only if there are servicer functions. An empty list of them, which Ray's `serve build` writes, means no gRPC. */
const grpcOptions =
  (reader: OptionReader) =>
  (value: unknown, path: Path): Values => {
    const { grpc_servicer_functions: functions, ...others } = isRecord(value) ? value : {};
    const isOfPython = functions !== null && functions !== undefined && !(Array.isArray(functions) && functions.length === 0);
    const given = isRecord(value) && !isOfPython ? others : (value ?? {});
    const grpc = reader.read({ what: 'grpc_options', options: GRPC_OPTIONS, ray: RAY_GRPC }, given, path);
    if (grpc.protos !== undefined) return { rayGrpc: { grpc } };
    reader.notes.push(
      'grpc_options of Ray Serve is left out: it names no protos; cluster: { grpc: {} } answers gRPC without them',
    );
    return {};
  };

function withAbsolutePaths(cluster: Values, folder: string): Values {
  const { grpc, https, machines } = cluster;
  const secure = {
    ...(isRecord(https) && { https: absoluteFiles(https, folder) }),
    ...(isRecord(machines) &&
      isRecord(machines.tls) && { machines: { ...machines, tls: absoluteMachineFiles(machines.tls, folder) } }),
  };
  if (!isRecord(grpc)) return { ...cluster, ...secure };
  const given = (['protos', 'includeDirs'] as const).filter((key) => grpc[key] !== undefined);
  const paths = given.map((key) => [key, (grpc[key] as readonly string[]).map((path) => resolve(folder, path))]);
  const absoluteTls = isRecord(grpc.tls) ? { tls: absoluteFiles(grpc.tls, folder) } : {};
  return { ...cluster, ...secure, grpc: { ...grpc, ...Object.fromEntries(paths), ...absoluteTls } };
}

/** The paths of a certificate and its key. */
function absoluteFiles(files: Values, folder: string): Values {
  return Object.fromEntries(Object.entries(files).map(([key, path]) => [key, resolve(folder, path as string)]));
}

function absoluteMachineFiles({ serverName, ...files }: Values, folder: string): Values {
  return { ...absoluteFiles(files, folder), ...(serverName === undefined ? {} : { serverName }) };
}

function readApplication(reader: OptionReader, value: unknown, path: Path, folder: string): ApplicationConfig {
  let base = folder;
  const runtimeEnv = (given: unknown, at: Path): Values => {
    const { envVars, workingDir } = reader.read(RUNTIME_ENV, given ?? {}, at);
    if (workingDir !== undefined) base = resolve(folder, workingDir as string);
    return envVars === undefined ? {} : { env: envVars };
  };
  const group = {
    what: 'an application',
    options: APPLICATION_OPTIONS,
    ray: RAY_APPLICATION,
    special: { runtime_env: runtimeEnv },
  };
  const read = reader.read(group, value, path);
  const { name = 'default', routePrefix = '/', importPath: written, deployments = [], ...others } = read;
  const importPath = absolute(base, written as string);
  const overrides = (deployments as readonly unknown[]).map((one, i) =>
    readDeployment(reader, one, [...path, 'deployments', i], folder),
  );
  const names = overrides.map((one) => one.name);
  const twice = names.findIndex((one, i) => names.indexOf(one) !== i);
  if (twice >= 0) throw reader.fail([...path, 'deployments', twice], `the deployment ${names[twice]} is listed twice`);
  return {
    name: name as string,
    routePrefix: routePrefix as string | null,
    importPath,
    ...others,
    ...(overrides.length === 0 ? {} : { deployments: overrides }),
  };
}

const INNER = {
  autoscaling: { what: 'autoscaling', options: SCALING_OPTIONS, ray: RAY_AUTOSCALING },
  resources: { what: 'resources', options: RESOURCE_OPTIONS, ray: {} },
  hedging: { what: 'hedging', options: HEDGING_OPTIONS, ray: {} },
  rollingUpdate: { what: 'rollingUpdate', options: ROLLING_UPDATE_OPTIONS, ray: {} },
} as const;

function readDeployment(reader: OptionReader, value: unknown, path: Path, folder: string): DeploymentOverride {
  const actorOptions = (given: unknown, at: Path): Values => {
    const others: Values = {};
    const runtimeEnv = (inner: unknown, within: Path): Values => {
      const { envVars, workingDir } = reader.read(RUNTIME_ENV, inner ?? {}, within);
      if (envVars !== undefined) others.env = envVars;
      if (workingDir !== undefined) others.runtimeEnv = { workingDir: resolve(folder, workingDir as string) };
      return {};
    };
    const group = { what: 'ray_actor_options', options: ACTOR_RESOURCES, ray: RAY_ACTOR, special: { runtime_env: runtimeEnv } };
    const resources = reader.read(group, given ?? {}, at);
    // No resources here are those of the code, which an empty group would replace.
    return { ...(Object.keys(resources).length === 0 ? {} : { resources }), ...others };
  };
  const options = { ...DEPLOYMENT_OPTIONS, name: { ...DEPLOYMENT_OPTIONS.name, isRequired: true } };
  const group = {
    what: 'a deployment',
    options,
    ray: RAY_DEPLOYMENT,
    inner: INNER,
    special: { ray_actor_options: actorOptions },
  };
  const override = reader.read(group, value, path);
  if (typeof override.numReplicas === 'number' && override.autoscaling !== undefined)
    throw reader.fail(
      [...path, 'numReplicas'],
      "numReplicas and autoscaling exclude each other; leave one out, or set numReplicas to 'auto'",
    );
  return override as unknown as DeploymentOverride;
}

function refuseTwice(reader: OptionReader, apps: readonly ApplicationConfig[], key: 'name' | 'routePrefix'): void {
  const given = apps.map((app) => app[key]);
  const twice = given.findIndex((one, i) => one !== null && given.indexOf(one) !== i);
  if (twice < 0) return;
  const others = key === 'name' ? 'give each a name of its own' : 'give each a routePrefix of its own';
  throw reader.fail(['applications', twice, key], `two applications have the ${key} ${shown(given[twice])}; ${others}`);
}

/** The file of `<file>:<export>` as an absolute path. */
function absolute(folder: string, importPath: string): string {
  const colon = importPath.lastIndexOf(':');
  return `${resolve(folder, importPath.slice(0, colon))}${importPath.slice(colon)}`;
}

function localFolder(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && !value.includes('://') ? value : undefined;
}
