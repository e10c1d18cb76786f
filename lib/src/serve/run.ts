import { createHash } from 'node:crypto';
import { encodeValue } from '../ipc/index.js';
import type { ClassSchema } from '../schemas/index.js';
import {
  type BoundDeployment,
  checkRoutePrefix,
  isApplication,
  layOut,
  type PlacedDeployment,
  requiredPrefix,
} from './application.js';
import type { Client } from './client.js';
import type { DeploymentDefinition } from './deployment.js';
import { NoSuchApp, NotAnApplication, UnknownDeployment } from './errors.js';
import { describeGraph, GraphDriver, type GraphPlan } from './graph/index.js';
import { createHandle, registerHandleCodec } from './handle/index.js';
import type { DeploymentHandle } from './handle/types.js';
import { noteIfLong, notice } from './notice.js';
import { type PackedCode, packCode } from './pack.js';
import { type AppSpec, type DeploymentSpec, deploymentKey, partOf, type ServeStatus } from './protocol/index.js';
import { RouteTypes } from './route-types.js';
import { parseRunOptions } from './run-options.js';
import { inOrder } from './run-order.js';
import type { Application, DeploymentOptions, RunOptions } from './types.js';
import { type Blob, uploadBlobs } from './upload.js';

/** After this time, a deploy that has not ended says what it waits for. */
const DEPLOY_NOTE_AFTER_MS = 2000;
/** After this time, a delete that has not ended says what it waits for. */
export const DRAIN_NOTE_AFTER_MS = 2000;

/** An application that can be sent: its description, and the blobs that the cluster must have first. */
export interface PreparedApp {
  readonly spec: AppSpec;
  readonly blobs: readonly Blob[];
}

/** Runs an application on the client's cluster. While `connecting` is in progress, the code is packed. */
export async function runApplication<T>(
  connecting: Promise<Client>,
  application: Application<T>,
  options: RunOptions,
): Promise<DeploymentHandle<T>> {
  // Arguments are encoded while the cluster is still starting.
  registerHandleCodec();
  if (!isApplication(application)) throw NotAnApplication({ value: shown(application) });
  const { name, routePrefix } = parseRunOptions(options);
  const sending = inOrder(name);
  const expected = expectApplication(connecting, name, routePrefix);
  try {
    return await deployOn(connecting, prepare(name, routePrefix, application), { sending });
  } finally {
    expected();
  }
}

/** What a configuration adds to an application. */
export interface Declared {
  readonly name: string;
  readonly routePrefix: string | null;
  /** Options of deployments that replace those in the code, by deployment. */
  readonly overrides: ReadonlyMap<string, DeploymentOptions>;
  /** Variables for every deployment. */
  readonly env?: DeploymentOptions['env'];
  /** The entry of the configuration, plain JSON. */
  readonly entry: unknown;
}

/**
 * Packs an application that a configuration describes.
 * @throws NBS_UNKNOWN_DEPLOYMENT, and the errors of the options and of the packing
 */
export async function prepareDeclared(application: Application<unknown>, declared: Declared): Promise<PreparedApp> {
  registerHandleCodec();
  if (!isApplication(application)) throw NotAnApplication({ value: shown(application) });
  const { name, overrides, env, entry } = declared;
  const routePrefix = checkRoutePrefix(declared.routePrefix);
  const used = new Set<string>();
  const configure = (deployment: string, definition: DeploymentDefinition): DeploymentDefinition => {
    used.add(deployment);
    const override = overrides.get(deployment);
    const common = env === undefined ? definition : definition.configured({ env });
    return override === undefined ? common : common.configured(override);
  };
  const prepared = await prepare(name, routePrefix, application, configure);
  const unknown = [...overrides.keys()].find((deployment) => !used.has(deployment));
  if (unknown !== undefined) throw UnknownDeployment({ app: name, deployment: unknown, valid: [...used].join(', ') });
  return { ...prepared, spec: { ...prepared.spec, declared: entry } };
}

/** Sends the blobs of a packed application ahead. */
export const uploadPrepared = (client: Client, { blobs }: PreparedApp): Promise<void> =>
  client.during(() => client.controller.during((controller) => uploadBlobs(controller, blobs)));

/** Sends a packed application. Resolves when it runs; with `wait: false`, when the cluster has accepted it. @throws as `serve.run` */
export async function deployPrepared(client: Client, prepared: PreparedApp, { wait }: { readonly wait: boolean }): Promise<void> {
  if (wait) return void (await deployOn(Promise.resolve(client), Promise.resolve(prepared)));
  await uploadPrepared(client, prepared);
  await client.call('accept', prepared.spec);
}

/** From now on, requests to the prefix get NBS_APP_STARTING, until the returned function is called. */
export function expectApplication(connecting: Promise<Client>, app: string, routePrefix: string | null): () => void {
  const expecting = new AbortController();
  if (routePrefix !== null) {
    const { signal } = expecting;
    connecting
      .then(({ controller }) => controller.call('expect', { app, routePrefix: requiredPrefix(routePrefix) }, { signal }))
      .catch(() => {});
  }
  return () => expecting.abort();
}

interface DeployHow {
  /** What the user has called, for notes. @default 'serve.run' */
  readonly what?: string;
  /** Is called immediately before the application is sent. It throws if that must not happen any more. */
  readonly sending?: (client: Client) => void;
}

export async function deployOn<T>(
  connecting: Promise<Client>,
  preparing: Promise<PreparedApp>,
  { what = 'serve.run', sending }: DeployHow = {},
): Promise<DeploymentHandle<T>> {
  const [client, { spec, blobs }] = await Promise.all([connecting, preparing]);
  const { name } = spec;
  const claimed = client.printFor(spec.deployments.map((deployment) => deploymentKey(name, deployment.name)));
  await Promise.all([claimed, uploadPrepared(client, { spec, blobs })]);
  // The proxy may still be booting while the replicas start.
  // The note says how many replicas run, or what they wait for. If a constructor waits for something, its replica says so itself.
  const note = { what, app: name, afterMs: DEPLOY_NOTE_AFTER_MS };
  sending?.(client);
  const deploying = noteIfLong(client, note, client.call('deploy', spec));
  const [{ routesVersion }] = await Promise.all([deploying, client.cluster.serving]);
  await client.router.whenSnapshot(routesVersion);
  return createHandle<T>({ app: name, deployment: spec.ingress });
}

async function prepare(
  name: string,
  routePrefix: string | null,
  root: BoundDeployment,
  configure?: Parameters<typeof layOut>[2],
): Promise<PreparedApp> {
  const placed = layOut(name, root, configure);
  const blobs: Blob[] = [];
  const deployments: DeploymentSpec[] = [];
  const types = new RouteTypes();
  try {
    for (const one of placed) {
      const code = await packCode(one);
      for (const note of code.notes) notice(note);
      blobs.push(...code.blobs);
      deployments.push(specOf(one, code, await types.describe(one.definition)));
    }
  } finally {
    types.close();
  }
  const ingress = placed.at(-1)?.name as string;
  return { spec: { name, routePrefix, ingress, deployments }, blobs };
}

export function specOf(
  { name, definition, args, dependencies, policy }: PlacedDeployment,
  { ref: code, config: given }: PackedCode,
  schema: ClassSchema | undefined,
): DeploymentSpec {
  const initArgs = encodeValue(args);
  const { autoscaling, ...others } = given;
  const config =
    autoscaling === undefined
      ? others
      : { ...others, autoscaling: { ...autoscaling, ...(policy === undefined ? {} : { policy }) } };
  const { version } = definition;
  // A replica cannot be told to forget a value, and one without a value has nothing to return to if it refuses its first one.
  const presence = config.userConfig === undefined ? [] : ['userConfig'];
  const replicaHash = createHash('sha256')
    .update(
      JSON.stringify([
        code,
        partOf('restart', { ...config, name, version }),
        ...(schema === undefined ? [] : [schema]),
        ...presence,
      ]),
    )
    .update(initArgs)
    .digest('hex');
  const graph = graphOf(definition, args);
  const optional = { ...(graph === undefined ? {} : { graph }), ...(schema === undefined ? {} : { schema }) };
  return { name, version, code, initArgs, config, ...optional, dependencies, replicaHash };
}

/** The nodes of a graph of calls, for the status. */
function graphOf({ target }: DeploymentDefinition, [first]: readonly unknown[]): string | undefined {
  return (target as unknown) === GraphDriver ? describeGraph((first as { readonly plan: GraphPlan }).plan) : undefined;
}

function shown(value: unknown): string {
  if (typeof value === 'function') return 'a function or class';
  return typeof value === 'object' && value !== null ? 'an object that is not an application' : String(value);
}

/**
 * Deletes an application.
 * @param options.wait until its replicas have ended, and not only until the cluster has accepted it
 * @throws NBS_NO_SUCH_APP
 */
export async function deleteApplication(client: Client, name: string, { wait = true } = {}): Promise<void> {
  const note = { what: 'serve.delete', app: name, afterMs: DRAIN_NOTE_AFTER_MS };
  const { deleted } = await noteIfLong(client, note, client.call('delete', { name, wait }));
  if (deleted) return;
  throw noSuchApplication(name, await client.call('status', undefined));
}

/** The error NBS_NO_SUCH_APP, which says what runs. */
export const noSuchApplication = (name: string, { applications }: ServeStatus): Error =>
  NoSuchApp({ app: name, running: Object.keys(applications).join(', ') || 'none' });
