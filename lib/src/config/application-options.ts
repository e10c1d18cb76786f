import { isRecord, type OptionSpec } from '../core/index.js';
import { checkAppName, checkRoutePrefix } from '../serve/host.js';
import { DEPLOYMENT_OPTIONS } from '../serve/protocol/index.js';

const name: OptionSpec<string> = {
  doc: 'Name of the application. Each application of the file needs a different one.',
  expected: 'a text of letters, digits, and the characters _ . -',
  default: 'default',
  parse: (value) => checkAppName(value),
};

const routePrefix: OptionSpec<string | null> = {
  doc: 'Path under which the application answers HTTP; `null` if only handles call it. Each application of the file needs a different one.',
  expected: 'a path such as /chat, or null',
  default: '/',
  parse: (value) => checkRoutePrefix(value),
};

const importPath: OptionSpec<string> = {
  doc: 'The module and its export, `<file>:<export>`, such as `app.ts:app`. A relative path starts at the folder of the configuration. The export is a bound deployment (`Chat.bind(…)`), or a function that returns one.',
  expected: 'a text such as app.ts:app',
  default: '',
  isRequired: true,
  parse: (value) => (typeof value === 'string' && /^[^\0]+:[^\0:/\\]+$/.test(value) ? value : undefined),
};

const args: OptionSpec<unknown> = {
  doc: 'The argument of the function, if `importPath` names a function.',
  expected: 'a JSON value',
  default: undefined,
  parse: DEPLOYMENT_OPTIONS.userConfig.parse,
};

const env: OptionSpec<Readonly<Record<string, unknown>> | undefined> = {
  doc: 'Environment variables of every deployment of the application. The `env` of a deployment is added to it.',
  expected: DEPLOYMENT_OPTIONS.env.expected,
  default: undefined,
  parse: (value) => (isRecord(value) && DEPLOYMENT_OPTIONS.env.parse(value) !== undefined ? value : undefined),
};

const deployments: OptionSpec<readonly unknown[] | undefined> = {
  doc: 'Options of deployments, which replace those in the code. Each entry has the `name` of a deployment, and any [option of a deployment](#servedeployment-options-and-deploymentoptionsoptions).',
  expected: 'a list of deployments, each with its name',
  default: undefined,
  parse: (value) => (Array.isArray(value) ? value : undefined),
};

/** Every key of an application in a configuration. */
export const APPLICATION_OPTIONS = { name, routePrefix, importPath, args, env, deployments } as const;

const cluster: OptionSpec<Readonly<Record<string, unknown>> | undefined> = {
  doc: 'Options of `serve.start`, without `address` and `detached`. They are used if the command starts the cluster. A cluster that is running keeps its own. Relative paths start at the folder of the configuration.',
  expected: 'an object such as { host: 127.0.0.1, port: 8000 }',
  default: undefined,
  parse: (value) => (isRecord(value) ? value : undefined),
};

const applications: OptionSpec<readonly unknown[]> = {
  doc: 'The applications that run after the command. Applications that an earlier configuration deployed and that are not in this list are deleted.',
  expected: 'a list of applications',
  default: [],
  isRequired: true,
  parse: (value) => (Array.isArray(value) ? value : undefined),
};

/** Every key at the top of a configuration. */
export const CONFIG_OPTIONS = { cluster, applications } as const;
