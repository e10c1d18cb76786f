import { BadUsage } from './command.js';

/** @throws NBS_BAD_USAGE */
export function parsePort(usage: string, value: string | undefined, option = '--port'): number | 'auto' {
  if (value === undefined || value === 'auto') return 'auto';
  const port = Number(value);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw BadUsage({ problem: `${option} takes a number from 0 to 65535 or auto, not ${value}`, usage });
}

/** Who may call, from `--allow-host` and `--allow-origin`. */
export function accessOf(values: {
  readonly 'allow-host'?: string[] | undefined;
  readonly 'allow-origin'?: string[] | undefined;
}) {
  const { 'allow-host': allowedHosts, 'allow-origin': allowedOrigins } = values;
  return {
    ...(allowedHosts === undefined ? {} : { allowedHosts }),
    ...(allowedOrigins === undefined ? {} : { allowedOrigins }),
  };
}

/** The option `https` of `serve.start`, from `--https-cert` and `--https-key`; empty if none of them is given. @throws NBS_BAD_USAGE */
export function httpsOptionsOf(
  usage: string,
  {
    'https-cert': cert,
    'https-key': key,
  }: { readonly 'https-cert'?: string | undefined; readonly 'https-key'?: string | undefined },
) {
  if (cert === undefined && key === undefined) return {};
  if (cert !== undefined && key !== undefined) return { https: { cert, key } };
  const [given, missing] = cert === undefined ? ['--https-key', '--https-cert'] : ['--https-cert', '--https-key'];
  throw BadUsage({ problem: `${given} is given without ${missing}`, usage });
}

export const GRPC_CLI_OPTIONS = {
  'grpc-port': { type: 'string' },
  'grpc-host': { type: 'string' },
  proto: { type: 'string', multiple: true },
  'grpc-cert': { type: 'string' },
  'grpc-key': { type: 'string' },
} as const;

/** The option `grpc` of `serve.start`, from `--proto` and the options that begin with `--grpc`; empty if none of them is given. @throws NBS_BAD_USAGE */
export function grpcOptionsOf(
  usage: string,
  values: {
    readonly 'grpc-port'?: string | undefined;
    readonly 'grpc-host'?: string | undefined;
    readonly proto?: string[] | undefined;
    readonly 'grpc-cert'?: string | undefined;
    readonly 'grpc-key'?: string | undefined;
  },
) {
  const { 'grpc-port': port, 'grpc-host': host, proto: protos, 'grpc-cert': cert, 'grpc-key': key } = values;
  if ([port, host, protos, cert, key].every((one) => one === undefined)) return {};
  if ((cert === undefined) !== (key === undefined)) {
    const given = cert === undefined ? '--grpc-key' : '--grpc-cert';
    throw BadUsage({ problem: `${given} is given without ${cert === undefined ? '--grpc-cert' : '--grpc-key'}`, usage });
  }
  return {
    grpc: {
      port: parsePort(usage, port, '--grpc-port'),
      ...(host === undefined ? {} : { host }),
      ...(protos === undefined ? {} : { protos }),
      ...(cert === undefined || key === undefined ? {} : { tls: { cert, key } }),
    },
  };
}
