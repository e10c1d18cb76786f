import { type OptionSpec, parseOptions } from '../core/index.js';
import { HTTP_OPTIONS } from './http-options.js';
import { MACHINE_OPTIONS } from './node-options.js';
import { SPARE_OPTIONS } from './spare-options.js';
import type { StartOptions } from './types.js';

const address: OptionSpec<string | undefined> = {
  doc: "A cluster to join in place of one of this process's own: its folder, or `'auto'` for your detached one, if one runs; else a cluster is started. A joined cluster goes on when this process ends.",
  type: 'string',
  expected: "'auto' or the folder of a cluster",
  default: undefined,
  parse: (value) => (typeof value === 'string' && value !== '' ? value : undefined),
};

const detached: OptionSpec<boolean> = {
  doc: 'A started cluster goes on when this process ends, until `nbserve stop`.',
  type: 'boolean',
  expected: 'true or false',
  default: false,
  parse: (value) => (typeof value === 'boolean' ? value : undefined),
};

/** Every option of `serve.start`. */
export const START_OPTIONS = { address, detached, ...HTTP_OPTIONS, ...MACHINE_OPTIONS, ...SPARE_OPTIONS } as const;

/** @throws NBS_UNKNOWN_OPTION, NBS_INVALID_OPTION */
export function checkStartOptions(options: StartOptions): StartOptions {
  parseOptions('serve.start', START_OPTIONS, { ...options });
  return options;
}
