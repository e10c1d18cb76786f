import { randomUUID } from 'node:crypto';
import { type ApplicationConfig, type DeployConfig, formatConfig } from '../config/index.js';
import {
  type Client,
  deleteApplication,
  deployPrepared,
  type PreparedApp,
  prepareDeclared,
  uploadPrepared,
} from '../host/index.js';
import { filesReadBefore } from './files-read.js';
import { loadApplication } from './load-application.js';

export interface ApplyOptions {
  /** Wait until every application runs. If false, wait only until the cluster has accepted them. @default true */
  readonly wait?: boolean;
  /** Called with each step, for people. */
  readonly onStep?: (text: string) => void;
}

export interface Applied {
  /** Applications that run now (or are accepted, without `wait`). */
  readonly deployed: readonly string[];
  readonly deleted: readonly string[];
  /** Applications that could not be deployed. Their last version runs on, if there was one. */
  readonly failed: readonly { readonly name: string; readonly error: unknown }[];
  /** The files that the applications were compiled from, and those in which an error was found. */
  readonly files: readonly string[];
}

/** The applications of a configuration, loaded and packed. */
export interface LoadedConfig {
  readonly prepared: readonly PreparedApp[];
  readonly failed: Applied['failed'];
  readonly files: readonly string[];
}

/** Imports the modules of a configuration. It changes nothing in a cluster. */
export async function loadConfig({ applications }: DeployConfig): Promise<LoadedConfig> {
  const prepared: PreparedApp[] = [];
  const failed: { name: string; error: unknown }[] = [];
  const files = new Set<string>();
  for (const entry of applications) {
    try {
      const { application, target, files: own } = await loadApplication(entry.importPath, entry.args);
      for (const file of own) files.add(file);
      prepared.push(await prepareDeclared(application, declaredBy({ ...entry, importPath: target })));
    } catch (error) {
      for (const file of filesReadBefore(error)) files.add(file);
      failed.push({ name: entry.name, error });
    }
  }
  return { prepared, failed, files: [...files] };
}

/**
 * Makes the cluster run what a configuration says: deploys its applications, and deletes those that an earlier configuration deployed and this one does
 * not name. Applications of `serve.run` stay. What has not changed is not restarted.
 * All routes change at the same moment, when every application runs. If one of them cannot be started, nothing is deployed or deleted.
 */
export async function applyConfig(client: Client, config: DeployConfig, options: ApplyOptions = {}): Promise<Applied> {
  const { wait = true, onStep = () => {} } = options;
  const { prepared, failed, files } = await loadConfig(config);
  if (failed.length > 0) return { deployed: [], deleted: [], failed, files };
  // The cluster waits until all of them have come, so none may fail on the way once the first has been sent.
  const refused = await notUploaded(client, prepared);
  if (refused.length > 0) return { deployed: [], deleted: [], failed: refused, files };
  const deleted = await othersThan(client, config);
  if (prepared.length === 0) await deleteAll(client, deleted, wait);
  const together = { id: randomUUID(), members: prepared.map(({ spec }) => spec.name), removes: deleted };
  const failures: { name: string; error: unknown }[] = [];
  const deployed: string[] = [];
  const deploys = prepared.map(({ spec, blobs }) => {
    const one = { spec: { ...spec, together }, blobs };
    return { one, done: deployPrepared(client, one, { wait }) };
  });
  // They are awaited one by one, so that they are reported in the order of the file.
  for (const { done } of deploys) done.catch(() => {});
  for (const { one, done } of deploys) {
    const { name } = one.spec;
    try {
      await done;
      deployed.push(name);
      onStep(wait ? `${name} runs at ${addressOf(client, one)}` : `${name} is accepted`);
    } catch (error) {
      failures.push({ name, error });
    }
  }
  if (failures.length > 0) return { deployed, deleted: [], failed: failures, files };
  for (const name of deleted) {
    const fate = wait ? 'is deleted' : prepared.length > 0 ? 'is deleted when all of them run' : 'is being deleted';
    onStep(`${name} ${fate}, because the configuration does not name it`);
  }
  return { deployed, deleted, failed: failures, files };
}

async function notUploaded(client: Client, prepared: readonly PreparedApp[]): Promise<Applied['failed']> {
  const uploads = await Promise.allSettled(prepared.map((one) => uploadPrepared(client, one)));
  return uploads.flatMap((upload, n) =>
    upload.status === 'fulfilled' ? [] : [{ name: (prepared[n] as PreparedApp).spec.name, error: upload.reason as unknown }],
  );
}

/** What was deployed by configurations, as YAML. */
export async function deployedConfig(client: Client): Promise<string> {
  return formatConfig(Object.values(await client.call('declared', undefined)) as ApplicationConfig[]);
}

async function othersThan(client: Client, { applications }: DeployConfig): Promise<string[]> {
  const declared = await client.call('declared', undefined);
  return Object.keys(declared).filter((name) => !applications.some((app) => app.name === name));
}

const deleteAll = (client: Client, names: readonly string[], wait: boolean): Promise<unknown> =>
  Promise.all(names.map((name) => deleteApplication(client, name, { wait })));

function declaredBy(entry: ApplicationConfig) {
  const { name, routePrefix, env, deployments = [] } = entry;
  const overrides = new Map(deployments.map(({ name: deployment, ...options }) => [deployment, options]));
  return { name, routePrefix, overrides, entry, ...(env === undefined ? {} : { env: env as Record<string, string> }) };
}

function addressOf({ cluster }: Client, { spec: { routePrefix } }: PreparedApp): string {
  if (routePrefix === null) return 'no route';
  return cluster.url === '' ? routePrefix : `${cluster.url}${routePrefix}`;
}
