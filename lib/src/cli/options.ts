import { BadUsage } from './command.js';

/** @throws NBS_BAD_USAGE */
export function parsePort(usage: string, value: string | undefined, option = '--port', others = 'auto'): number | 'auto' {
  if (value === undefined || value === 'auto') return 'auto';
  const port = numberIn(value);
  if (port !== undefined && Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw BadUsage({ problem: `${option} takes a number from 0 to 65535 or ${others}, not ${shown(value)}`, usage });
}

/** @throws NBS_BAD_USAGE */
export function parseNumber(usage: string, option: string, value: string): number {
  const number = numberIn(value);
  if (number !== undefined) return number;
  throw BadUsage({ problem: `${option} takes a number, not ${shown(value)}`, usage });
}

/** A variable of the shell that is not set makes an empty text, which `Number` takes for 0. */
const numberIn = (text: string): number | undefined =>
  text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : undefined;

const shown = (text: string): string => (text === '' ? 'an empty text' : text);

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

/** What a machine offers, for {@link resourcesOf}. */
export const RESOURCE_OPTIONS = {
  'num-cpus': { type: 'string' },
  'num-gpus': { type: 'string' },
  memory: { type: 'string' },
  resources: { type: 'string' },
} as const;

/** The options `numGpus` and `resources` of `serve.start`, from {@link RESOURCE_OPTIONS}; empty if none of them is given. @throws NBS_BAD_USAGE */
export function resourcesOf(usage: string, values: { readonly [option: string]: string | boolean | string[] | undefined }) {
  const { 'num-cpus': cpus, 'num-gpus': gpus, memory, resources } = values;
  const others = {
    ...(cpus === undefined ? {} : { cpu: toNumber(cpus) }),
    ...(memory === undefined ? {} : { memory: toNumber(memory) }),
    ...(resources === undefined
      ? {}
      : { custom: parseJson(usage, '--resources', `'{"accelerator": 1}'`, String(resources)) as Record<string, number> }),
  };
  return {
    ...(gpus === undefined ? {} : { numGpus: toNumber(gpus) }),
    ...(Object.keys(others).length === 0 ? {} : { resources: others }),
  };
}

/** @throws NBS_BAD_USAGE */
export function parseJson(usage: string, option: string, example: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw BadUsage({ problem: `${option} takes JSON such as ${example}: ${(error as Error).message}`, usage });
  }
}

/** A text that is not a number is returned as it is, so that the option's check can name it. */
function toNumber(text: unknown): number {
  return numberIn(String(text)) ?? (text as number);
}
