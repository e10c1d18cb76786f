import { group, InvalidOption, integer, type OptionSpec, type OptionValues, parseOptions } from '../core/index.js';
import type { GrpcAddress } from '../engine/index.js';
import { compilePlan } from '../grpc/index.js';
import { tlsFiles } from './tls-option.js';
import type { GrpcOptions } from './types.js';
import { USUAL_ADDRESS } from './usual-address.js';

const WHERE = 'serve.start, grpc';
/** The limit that clients of gRPC have by default. */
const DEFAULT_MESSAGE_BYTES = 4 * 1024 * 1024;
/** The length of a message is 32 bits, and Node's buffers have limits of their own. */
const MAX_MESSAGE_BYTES = 1024 * 1024 * 1024;

const paths = (doc: string): OptionSpec<readonly string[]> => ({
  doc,
  type: 'readonly string[]',
  expected: "a list of paths such as ['./digits.proto']",
  default: [],
  parse: (value) =>
    Array.isArray(value) && value.every((one) => typeof one === 'string' && one !== '') ? (value as string[]) : undefined,
});

/** Every option of `serve.start({ grpc })`. */
export const GRPC_OPTIONS = {
  port: {
    doc: "Port for gRPC. A number fails if the port is in use; `'auto'` means 9000, or the next free port. Set it if clients expect a certain port.",
    type: "number | 'auto'",
    expected: "an integer from 0 to 65535, or 'auto'",
    default: 'auto',
    parse: (value) =>
      value === 'auto' || (Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 65_535)
        ? (value as number | 'auto')
        : undefined,
  } satisfies OptionSpec<number | 'auto'> as OptionSpec<number | 'auto'>,
  host: {
    doc: "Address on which gRPC is answered. With `'0.0.0.0'` other machines can call, without a password. Set it if clients run on other machines.",
    type: 'string',
    expected: 'an address of this machine',
    default: USUAL_ADDRESS.host,
    parse: (value) => (typeof value === 'string' && value !== '' ? value : undefined),
  } satisfies OptionSpec<string> as OptionSpec<string>,
  protos: paths(
    'Proto files with the services that your deployments answer. Relative paths start from the working folder. Set it if your clients have proto files of their own.',
  ),
  includeDirs: paths(
    'Folders in which the files that a proto file imports are looked for, besides its own folder. Set it if they are in other folders.',
  ),
  generic: {
    doc: 'If true, clients can call every public method by its name, through the service `nbserve.v1.Serve`. Set it to have that service besides `protos`, or not at all.',
    type: 'boolean',
    expected: 'true or false',
    default: undefined,
    defaultText: 'true if there are no `protos`',
    parse: (value) => (typeof value === 'boolean' ? value : undefined),
  } satisfies OptionSpec<boolean | undefined> as OptionSpec<boolean | undefined>,
  maxMessageBytes: integer({
    doc: 'Limit of one message in bytes, in both directions. Clients have such a limit too, 4 MiB by default. Raise it, and that of the clients, if requests or answers are larger.',
    default: DEFAULT_MESSAGE_BYTES,
    min: 1,
    max: MAX_MESSAGE_BYTES,
  }),
  tls: tlsFiles('gRPC'),
} as const;

type Parsed = OptionValues<typeof GRPC_OPTIONS>;

export const grpcOption: OptionSpec<Parsed | undefined> = group<Parsed | undefined>({
  doc: 'If it is given, the cluster answers gRPC besides HTTP. `{}` stands for the defaults. It needs the package `@grpc/grpc-js`. Set it if clients speak gRPC.',
  type: 'GrpcOptions',
  expected: "an object such as { port: 9000, protos: ['./digits.proto'] }",
  default: undefined,
  defaultText: 'no gRPC',
  parse: (value) => parseOptions(WHERE, GRPC_OPTIONS, value),
});

/**
 * The address at which gRPC is answered, and the services; `undefined` if it is not.
 * @param several the cluster has proxies on several nodes
 * @throws NBS_INVALID_OPTION, NBS_UNKNOWN_OPTION, NBS_GRPC_NOT_INSTALLED, NBS_BAD_PROTO, NBS_BAD_CERTIFICATE
 */
export function grpcOf(options: GrpcOptions | undefined, several: boolean): GrpcAddress | undefined {
  const { grpc } = parseOptions('serve.start', { grpc: grpcOption }, { grpc: options });
  if (grpc === undefined) return undefined;
  const { host, port, protos, includeDirs: includes, generic = protos.length === 0, maxMessageBytes, tls } = grpc;
  if (several && ![USUAL_ADDRESS.host, 'localhost'].includes(host)) {
    const expected = "127.0.0.1 where each of several nodes has a proxy; or set proxyLocation to 'HeadOnly'";
    throw InvalidOption({ where: WHERE, option: 'host', expected, value: host });
  }
  const plan = compilePlan({ protos, includes, generic, maxMessageBytes, tls, folder: process.cwd() });
  return { host, port, plan: JSON.stringify(plan) };
}
