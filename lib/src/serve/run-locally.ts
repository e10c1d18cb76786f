import { PortInUse } from '../engine/index.js';
import { isIngress } from '../ingress/index.js';
import { encodeValue } from '../ipc/index.js';
import { isApplication, layOut } from './application.js';
import { NotAnApplication } from './errors.js';
import { createHandle, registerHandleCodec } from './handle/index.js';
import type { DeploymentHandle } from './handle/types.js';
import type { LocalDeployment, localMode } from './local/index.js';
import { RouteTypes } from './route-types.js';
import { parseRunOptions } from './run-options.js';
import type { Application, RunOptions } from './types.js';

type LocalHost = ReturnType<typeof localMode.host>;

/** Set when an application runs inside this process. The code of replicas and of the proxy is loaded only then. */
let mode: typeof localMode | null = null;

/** What runs inside this process, or `null`. */
export const localApps = (): LocalHost | null => mode?.running() ?? null;

export async function endLocalApps(): Promise<void> {
  await mode?.end();
}

/** Runs an application inside this process. @throws the constructor's own error; NBS_ROUTE_TAKEN, NBS_SUPERSEDED, NBS_LOCAL_PORT_SET, NBS_PORT_IN_USE, and as {@link parseRunOptions} */
export async function runLocally<T>(application: Application<T>, options: RunOptions): Promise<DeploymentHandle<T>> {
  registerHandleCodec();
  if (!isApplication(application)) throw NotAnApplication({ value: typeof application });
  const { name, routePrefix, local } = parseRunOptions(options);
  const http = local === false ? {} : local;
  // Nothing else is awaited before the host has this run: a later run of the same name must come after it.
  mode ??= (await import('./local/index.js')).localMode;
  let ingress: string;
  try {
    ingress = await mode.host().run({ name, routePrefix }, http, () => describeDeployments(name, application));
  } catch (error) {
    const { code, port, address } = error as { code?: unknown; port?: number; address?: string };
    if (code !== 'EADDRINUSE' || port === undefined || port !== http.port || address === undefined) throw error;
    throw PortInUse({ port, host: address, holder: 'another process' }, error);
  }
  return createHandle<T>({ app: name, deployment: ingress });
}

async function describeDeployments(app: string, application: Parameters<typeof layOut>[1]): Promise<readonly LocalDeployment[]> {
  const types = new RouteTypes();
  const described: LocalDeployment[] = [];
  try {
    for (const { name, definition, args, policyOf } of layOut(app, application)) {
      // Nothing is scaled here.
      if (policyOf !== undefined) continue;
      const { version, target, config } = definition;
      const schema = await types.describe(definition);
      // Values are copied, as they are on their way to another process.
      const initArgs = encodeValue(args);
      const ingress = isIngress(target);
      described.push({ name, version, target, config, initArgs, ingress, ...(schema === undefined ? {} : { schema }) });
    }
  } finally {
    types.close();
  }
  return described;
}
