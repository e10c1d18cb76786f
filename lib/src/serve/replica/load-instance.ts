import { readFileSync } from 'node:fs';
import { installStackMapping, loadCode, urlOfOwnModule } from '../../code/index.js';
import { blobPath, hasCode } from '../../core/index.js';
import { setReplicaContext } from '../context/index.js';
import { hasPretended, InReplica, makeInert, WantedDefinition } from '../modules/index.js';
import type { ReplicaInit } from '../protocol/index.js';
import { BegunPromises } from './begun-promises.js';
import { Handles, type HandlesOptions } from './handles.js';
import { installRequest } from './lazy-request.js';
import { registerSentRequest } from './sent-request.js';
import { startInstance } from './start-instance.js';
import { StartWatch } from './start-watch.js';
import type { UserInstance } from './user-instance.js';
import { installResponse } from './web-response.js';

export interface LoadedInstance {
  readonly instance: UserInstance;
  close(): void;
}

installStackMapping();
installRequest();
installResponse();
registerSentRequest();

/**
 * Loads the deployment's code and constructs the instance.
 * @throws what the code, its constructor, its `checkHealth` or work that these began throws; NBS_START_NOT_DONE
 */
export function loadInstance(init: ReplicaInit, options: HandlesOptions): Promise<LoadedInstance> {
  const label = `${init.app}/${init.deployment}`;
  return new StartWatch({ label, timeoutMs: init.config.startupTimeoutMs }).run((watch) => load(init, options, watch));
}

async function load(init: ReplicaInit, options: HandlesOptions, watch: StartWatch): Promise<LoadedInstance> {
  // Modules call serve.run at their top level; in a replica this must do nothing.
  const { code, packages } = init;
  setReplicaContext({ appName: init.app, deployment: init.deployment, replicaId: init.replicaId });
  const wanted = code.kind === 'module' ? new WantedDefinition(code) : null;
  let isPaused = false;
  let bundle: string | undefined;
  const inert = makeInert({
    deployment: `${init.app}/${init.deployment}`,
    isModule: code.kind === 'module',
    // If the module makes a name from a time or an id, the name differs here. Then the call of serve.run for this application shows that it is
    // defined.
    isDefined: (app) => (app === init.app ? wanted?.likely() : wanted?.certain()) !== undefined,
  });
  const paused = inert.paused.then(() => {
    isPaused = true;
  });
  // This is the same as where the script ran, but without its arguments: a replica has none.
  if (code.kind === 'module') process.argv = [process.execPath, code.file];
  const handles = new Handles(options);
  handles.install(init);
  const body = new BegunPromises();
  const loaded = await loadCode(code, (hash) => readFileSync(blobPath(options.dir, hash)), {
    paused,
    body,
    onBundle: (file) => {
      bundle = file;
    },
    findBuiltin: async () => (await import('../graph/index.js')).GraphDriver,
    ...(packages === undefined
      ? {}
      : { packages: { folder: packages, names: Object.keys(init.config.runtimeEnv?.npm?.dependencies ?? {}) } }),
    ...(wanted === null ? {} : { findDeployment: () => wanted.settle(() => isPaused) }),
  }).catch((error: unknown) => {
    throw wanted?.failure(error) ?? error;
  });
  inert.loaded(bundle === undefined ? undefined : readFileSync(bundle, 'utf8'));
  const target = code.wrapper === undefined ? loaded : await wrapped(code.wrapper, loaded);
  const args = await handles.decodeArgs(init);
  // The lines of a module that use a cluster can fail because `serve.run` deploys nothing here.
  const isOfCode = (promise: Promise<unknown>, reason: unknown): boolean =>
    body.has(promise) && !hasPretended() && !hasCode(reason, InReplica);
  const instance = await startInstance(target, args, { ...init, ingress: code.ingress === true, isOfCode }, watch);
  return { instance, close: () => handles.close() };
}

/** What `wrap` of a module of nbserve makes of the user's class or function. */
async function wrapped(module: string, target: unknown): Promise<unknown> {
  const { wrap } = (await import(urlOfOwnModule(module))) as { wrap: (target: unknown) => unknown };
  return wrap(target);
}
