import { integer, type OptionSpec, parseOptions } from '../core/index.js';
import { grpcOption } from './grpc-options.js';
import { HTTP_OPTIONS } from './http-options.js';
import { JOIN_OPTIONS, MACHINE_OPTIONS } from './node-options.js';
import type { StartOptions } from './types.js';

const address: OptionSpec<string | undefined> = {
  doc: "Cluster to join: its folder, its name or its URL, or `'auto'` for your detached cluster. With `'auto'`, a cluster is started if none is running. A joined cluster keeps running when this process ends. With `engine: 'ray'`, any other address is that of Ray's dashboard, and `'auto'` is your detached cluster all the same. Set it if several notebooks or programs should share a cluster.",
  type: 'string',
  expected: "'auto', or the folder, the name or the URL of a cluster",
  default: undefined,
  defaultText: 'a cluster of this process alone',
  parse: (value) => (typeof value === 'string' && value !== '' ? value : undefined),
};

const detached: OptionSpec<boolean> = {
  doc: 'If true, a cluster that this call starts keeps running when this process ends, until `nbserve stop`. Set it if applications should outlive the notebook or script.',
  type: 'boolean',
  expected: 'true or false',
  default: false,
  parse: (value) => (typeof value === 'boolean' ? value : undefined),
};

const SPARE_OPTIONS = {
  spareReplicas: integer({
    doc: 'Number of spare processes on each node, which make a new replica start in a fraction of the time. Each needs about 28 MiB of memory and no CPU. 0 means none. Raise it if several replicas start at once; set it to 0 if memory is short.',
    default: 1,
    min: 0,
  }),
} as const;

/** Every option of `serve.start`. */
export const START_OPTIONS = {
  address,
  detached,
  ...HTTP_OPTIONS,
  grpc: grpcOption,
  ...MACHINE_OPTIONS,
  ...JOIN_OPTIONS,
  ...SPARE_OPTIONS,
} as const;

/** @throws NBS_UNKNOWN_OPTION, NBS_INVALID_OPTION */
export function checkStartOptions(options: StartOptions): StartOptions {
  parseOptions('serve.start', START_OPTIONS, { ...options });
  return options;
}

/** @throws NBS_INVALID_OPTION */
export function spareReplicasOf({ spareReplicas: wanted }: StartOptions): number {
  return parseOptions('serve.start', SPARE_OPTIONS, { spareReplicas: wanted }).spareReplicas;
}
