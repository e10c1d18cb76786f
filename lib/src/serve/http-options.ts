import { InvalidOption, type OptionSpec, parseOptions } from '../core/index.js';
import type { HttpOptions, ProxyLocation } from '../engine/index.js';
import type { StartOptions } from './types.js';

/** Where HTTP is answered unless something else is asked for. */
export const USUAL_ADDRESS = { host: '127.0.0.1', port: 'auto' } as const;

const LOCATIONS: readonly ProxyLocation[] = ['EveryNode', 'HeadOnly', 'Disabled'];
/** Of the head; that of the n-th node is 127.0.0.n. */
const HEAD_HOSTS: readonly string[] = [USUAL_ADDRESS.host, 'localhost'];

const location: OptionSpec<ProxyLocation> = {
  doc: 'Which nodes answer HTTP.',
  expected: `one of ${LOCATIONS.join(', ')}`,
  default: 'EveryNode',
  parse: (value) => LOCATIONS.find((one) => one === value),
};

/** Where HTTP is to be answered, and to whom. @throws NBS_INVALID_OPTION */
export function httpOf(options: StartOptions): HttpOptions {
  const { host = USUAL_ADDRESS.host, port = USUAL_ADDRESS.port, allowedHosts, allowedOrigins, nodes = 1 } = options;
  const { proxyLocation } = parseOptions('serve.start', { proxyLocation: location }, { proxyLocation: options.proxyLocation });
  const several = (typeof nodes === 'number' ? nodes : nodes.length) > 1;
  if (several && proxyLocation === 'EveryNode' && !HEAD_HOSTS.includes(host)) {
    const expected =
      "127.0.0.1 where each of several nodes has a proxy, which has the node's own address; or set proxyLocation to 'HeadOnly'";
    throw InvalidOption({ where: 'serve.start', option: 'host', expected, value: host });
  }
  return {
    host,
    port,
    ...(proxyLocation === 'EveryNode' ? {} : { proxyLocation }),
    ...(allowedHosts === undefined ? {} : { allowedHosts }),
    ...(allowedOrigins === undefined ? {} : { allowedOrigins }),
  };
}
