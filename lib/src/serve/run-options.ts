import { type OptionSpec, parseOptions, shownValue } from '../core/index.js';
import { checkAppName, checkRoutePrefix } from './application.js';
import { InvalidLocal } from './errors.js';
import type { LocalHttp } from './local/index.js';
import type { RunOptions } from './types.js';

const name: OptionSpec<string> = {
  doc: 'Name of the application. If an application of that name is running, it is updated. Set it if you run several applications.',
  type: 'string',
  expected: "letters, digits, '_', '-' and '.', starting with a letter or digit",
  default: 'default',
  parse: checkAppName,
};

const routePrefix: OptionSpec<string | null> = {
  doc: "Path under which the application answers HTTP, `'/'` or `'/name'`. `null` means no HTTP. Set it if you run several applications.",
  type: 'string | null',
  expected: "a path such as '/name', or null",
  default: '/',
  parse: checkRoutePrefix,
};

const local: OptionSpec<false | LocalHttp> = {
  doc: 'Runs the application inside this process, with one replica of each deployment and without a cluster. Set it for a debugger and for unit tests. With `{ port }` its HTTP is answered there and keeps the process running; otherwise at a free port, which does not.',
  type: 'boolean | { readonly port?: number }',
  expected: 'true, false, or { port } with a port of 0 to 65535',
  default: false,
  parse: localHttp,
};

/** Every option of `serve.run`. */
export const RUN_OPTIONS = { name, routePrefix, local } as const;

/** @throws NBS_UNKNOWN_OPTION, NBS_INVALID_OPTION, NBS_INVALID_APP_NAME, NBS_INVALID_ROUTE_PREFIX, NBS_INVALID_LOCAL */
export function parseRunOptions(options: RunOptions) {
  return parseOptions('serve.run', RUN_OPTIONS, { ...options });
}

function localHttp(local: unknown): false | LocalHttp {
  if (local === false) return false;
  if (local === true) return {};
  const { port } = (typeof local === 'object' && local !== null ? local : { port: Number.NaN }) as { readonly port?: unknown };
  if (port === undefined) return {};
  if (!Number.isInteger(port) || (port as number) < 0 || (port as number) > 65_535)
    throw InvalidLocal({ value: shownValue(local) });
  return { port: port as number };
}
