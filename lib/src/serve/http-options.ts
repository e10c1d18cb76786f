import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { InvalidOption, type OptionSpec, parseOptions } from '../core/index.js';
import type { HttpOptions, ProxyLocation } from '../engine/index.js';
import { readTlsFiles, type TlsFiles } from '../grpc/index.js';
import { grpcOf } from './grpc-options.js';
import { tlsFiles } from './tls-option.js';
import type { StartOptions } from './types.js';
import { USUAL_ADDRESS } from './usual-address.js';

const LOCATIONS: readonly ProxyLocation[] = ['EveryNode', 'HeadOnly', 'Disabled'];
/** Host names of the head node. The n-th node has 127.0.0.n. */
const HEAD_HOSTS: readonly string[] = [USUAL_ADDRESS.host, 'localhost'];

const texts = (doc: string): OptionSpec<readonly string[]> => ({
  doc,
  type: 'readonly string[]',
  expected: 'a list of texts',
  default: [],
  parse: (value) => (Array.isArray(value) && value.every((one) => typeof one === 'string') ? (value as string[]) : undefined),
});

const host: OptionSpec<string> = {
  doc: "Address on which HTTP is answered. With `'0.0.0.0'` other machines can call, without a password. Set it if clients run on other machines.",
  type: 'string',
  expected: 'an address of this machine',
  default: USUAL_ADDRESS.host,
  parse: (value) => (typeof value === 'string' && value !== '' ? value : undefined),
};

const port: OptionSpec<number | 'auto'> = {
  doc: "Port for HTTP. A number fails if the port is in use; `'auto'` means 8000, or the next free port. Set it if clients expect a certain port.",
  type: "number | 'auto'",
  expected: "an integer from 0 to 65535, or 'auto'",
  default: USUAL_ADDRESS.port,
  parse: (value) =>
    value === 'auto' || (Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 65_535)
      ? (value as number | 'auto')
      : undefined,
};

const proxyLocation: OptionSpec<ProxyLocation> = {
  doc: "Which nodes answer HTTP. Each node does so at the same port of its own address. Set it to `'HeadOnly'` if clients know only one address.",
  type: "'EveryNode' | 'HeadOnly' | 'Disabled'",
  expected: `one of ${LOCATIONS.join(', ')}`,
  default: 'EveryNode',
  parse: (value) => LOCATIONS.find((one) => one === value),
};

/** Options of `serve.start` that say at which address HTTP is answered, and who may call. */
export const HTTP_OPTIONS = {
  host,
  port,
  allowedHosts: texts(
    "Host names in requests that are accepted, besides loopback names and `host`, e.g. `['models.example.org']`; `'*'` means all. Set it if clients call by a name of this machine.",
  ),
  allowedOrigins: texts(
    "Origins of web pages that may call, besides loopback origins, e.g. `['https://example.org']`; `'*'` means all. Set it if web pages of other servers call your deployments.",
  ),
  https: tlsFiles('HTTP'),
  proxyLocation,
} as const;

/** The form in which browsers write origins: without a path, and so without a slash at the end. */
const ORIGIN = /^(?:\*|null|[a-z][a-z\d+.-]*:\/\/[^/\sA-Z]+)$/;

/** An origin in another form would never match. */
function checkOrigins(origins: readonly string[]): readonly string[] {
  const wrong = origins.find((origin) => !ORIGIN.test(origin));
  if (wrong === undefined) return origins;
  const expected = "origins such as 'https://example.org', in small letters and without a slash at the end, or '*'";
  throw InvalidOption({ where: 'serve.start', option: 'allowedOrigins', expected, value: wrong });
}

const isHostName = (text: string): boolean =>
  text === '*' || /^[\w.-]+$/.test(text) || isIP(text.replace(/^\[(.*)\]$/, '$1')) === 6;

/** The port of a request is not compared, so a name with one would never match; nor would one with a scheme. */
function checkHosts(hosts: readonly string[]): readonly string[] {
  const wrong = hosts.find((host) => !isHostName(host));
  if (wrong === undefined) return hosts;
  const expected = "host names such as 'models.example.org', without a scheme and a port, or '*'";
  throw InvalidOption({ where: 'serve.start', option: 'allowedHosts', expected, value: wrong });
}

/** The proxies run in other folders, so the paths become absolute. @throws NBS_BAD_CERTIFICATE */
function checkedFiles({ cert, key }: TlsFiles): TlsFiles {
  const files = { cert: resolve(cert), key: resolve(key) };
  readTlsFiles(files);
  return files;
}

/** The address at which HTTP is answered, and who may call. @throws NBS_INVALID_OPTION, NBS_BAD_CERTIFICATE */
export function httpOf(options: StartOptions): HttpOptions {
  const { host, port, allowedHosts, allowedOrigins, https, proxyLocation } = parseOptions('serve.start', HTTP_OPTIONS, {
    host: options.host,
    port: options.port,
    allowedHosts: options.allowedHosts,
    allowedOrigins: options.allowedOrigins,
    https: options.https,
    proxyLocation: options.proxyLocation,
  });
  const { nodes = 1 } = options;
  const several = (typeof nodes === 'number' ? nodes : nodes.length) > 1;
  if (several && proxyLocation === 'EveryNode' && !HEAD_HOSTS.includes(host)) {
    const expected =
      "127.0.0.1 where each of several nodes has a proxy, which has the node's own address; or set proxyLocation to 'HeadOnly'";
    throw InvalidOption({ where: 'serve.start', option: 'host', expected, value: host });
  }
  const grpc = grpcOf(options.grpc, several && proxyLocation === 'EveryNode');
  return {
    host,
    port,
    ...(https === undefined ? {} : { https: checkedFiles(https) }),
    ...(grpc === undefined ? {} : { grpc }),
    ...(proxyLocation === 'EveryNode' ? {} : { proxyLocation }),
    ...(options.allowedHosts === undefined ? {} : { allowedHosts: checkHosts(allowedHosts) }),
    ...(options.allowedOrigins === undefined ? {} : { allowedOrigins: checkOrigins(allowedOrigins) }),
  };
}
