import { isIP } from 'node:net';
import { resolve } from 'node:path';
import {
  engineName,
  InvalidOption,
  isRecord,
  isUnspecified,
  type OptionSpec,
  parseOptions,
  rayApiAddress,
  shownValue,
} from '../core/index.js';
import type { DeclaredNode, MachineOptions } from '../engine/index.js';
import { parseResources } from './protocol/index.js';
import type { NodeOptions, StartOptions } from './types.js';

/** Each node has its own address 127.0.0.n and its own processes. */
const MAX_NODES = 64;

const gpus = (doc: string, defaultText: string): OptionSpec<number | undefined> => ({
  doc,
  type: 'number',
  expected: 'an integer of at least 0',
  default: undefined,
  defaultText,
  parse: (value) => (Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined),
});

const resources = (doc: string, defaultText: string): OptionSpec<StartOptions['resources']> => ({
  doc,
  type: "Omit<ResourceOptions, 'gpu'>",
  expected: 'an object such as { cpu: 8, custom: { accelerator: 1 } } of numbers of at least 0, without gpu',
  default: undefined,
  defaultText,
  parse: (value) => {
    if (!isRecord(value) || 'gpu' in value) return undefined;
    parseResources(value);
    return value as StartOptions['resources'];
  },
});

const nodes: OptionSpec<number | readonly NodeOptions[]> = {
  doc: 'Nodes on this machine, at 127.0.0.1, 127.0.0.2 …: their number, or a list with the settings of each. The first is the head node. Resources of the machine that no node declares are divided between the nodes. Raise it to try on one machine what happens on several.',
  type: 'number | readonly NodeOptions[]',
  expected: `a number from 1 to ${MAX_NODES}, or a list of so many such as [{ name: 'a', numGpus: 1, resources: { cpu: 2 } }]`,
  default: 1,
  parse: (value) => {
    const count = Array.isArray(value) ? value.length : value;
    return Number.isSafeInteger(count) && (count as number) >= 1 && (count as number) <= MAX_NODES
      ? (value as number | readonly NodeOptions[])
      : undefined;
  },
};

const name: OptionSpec<string | undefined> = {
  doc: 'Name of the node in the status. Set it to tell nodes apart in the status.',
  type: 'string',
  expected: "letters, digits, '_', '-' and '.', starting with a letter or digit, 32 at most",
  default: undefined,
  defaultText: "'node-1', 'node-2' …",
  parse: (value) => (typeof value === 'string' && /^[A-Za-z0-9][\w.-]{0,31}$/.test(value) ? value : undefined),
};

/** Every option of a node of `serve.start({ nodes })`. */
export const NODE_OPTIONS = {
  name,
  numGpus: gpus(
    'Number of GPUs of the node. No two nodes have a GPU of the same number. Set it if nodes should have different numbers of GPUs.',
    '`numGpus` of `serve.start`',
  ),
  resources: resources('Other resources of the node. Set it if nodes should differ.', '`resources` of `serve.start`'),
} as const;

function isCertificates(value: unknown): boolean {
  const { cert, key, ca, serverName, ...others } = isRecord(value) ? value : {};
  const isText = (one: unknown): boolean => typeof one === 'string' && one !== '';
  return [cert, key, ca].every(isText) && (serverName === undefined || isText(serverName)) && Object.keys(others).length === 0;
}

const machines: OptionSpec<StartOptions['machines']> = {
  doc: "Set it if one machine is not enough: nodes on other machines can then join, over TCP with TLS: `host` is the address at which they reach this machine, `port` that of the head's agent (0 lets the system choose). With `engine: 'ray'`, both have defaults, and `nbserve` is the folder of the package on Ray's nodes. `tls` names files in PEM that are used instead of the certificates that the cluster makes: the certificate of this machine with its chain, its key, and the authority that has signed those of all machines; `serverName` is a DNS name that all of them have, else each has the address of its machine.",
  type: '{ host?: string; port?: number; nbserve?: string; tls?: MachineCertificates }',
  expected:
    "an IP address of this machine that others reach, such as { host: '10.0.0.5' }, a port from 0 to 65535, and with tls the paths cert, key and ca",
  default: undefined,
  defaultText: 'no process listens for other machines',
  parse: (value) => {
    if (!isRecord(value) || Object.keys(value).some((name) => !['host', 'port', 'nbserve', 'tls'].includes(name)))
      return undefined;
    const { host, port = 0, nbserve, tls } = value;
    const isPort = Number.isInteger(port) && (port as number) >= 0 && (port as number) <= 65_535;
    const isHost = host === undefined || (typeof host === 'string' && isIP(host) !== 0 && !isUnspecified(host));
    const isFolder = nbserve === undefined || (typeof nbserve === 'string' && nbserve !== '');
    return isPort && isHost && isFolder && (tls === undefined || isCertificates(tls))
      ? (value as StartOptions['machines'])
      : undefined;
  },
};

const engine: OptionSpec<'local' | 'ray'> = {
  doc: "What provides the nodes of the cluster: with `'local'` this machine; with `'ray'`, `address` (default: `RAY_API_SERVER_ADDRESS`) is that of a Ray dashboard, such as `http://head:8265`, and each node of that Ray cluster becomes a node, besides this machine. Set it if you have a Ray cluster.",
  type: "'local' | 'ray'",
  expected: "'local' or 'ray'",
  default: 'local',
  defaultText: "the variable `NBSERVE_ENGINE`, else `'local'`",
  parse: (value) => (value === 'local' || value === 'ray' ? value : undefined),
};

/** Options of `serve.start` for the resources and nodes. */
export const MACHINE_OPTIONS = {
  numGpus: gpus(
    "Number of GPUs that replicas may use; with several nodes, the number on each node; with `engine: 'ray'`, the number on this machine. Set it if replicas should use fewer GPUs than there are.",
    'what `nvidia-smi` lists',
  ),
  resources: resources(
    "Other resources that replicas may use, e.g. `{ cpu: 8, memory: 2 ** 34, custom: { accelerator: 1 } }`, with memory in bytes; with several nodes, the resources of each node; with `engine: 'ray'`, those of this machine. Set it if other programs need a part of the machine, or to declare resources of your own.",
    "the machine's cores and memory",
  ),
  nodes,
} as const;

/** Options of `serve.start` for nodes on other machines. */
export const JOIN_OPTIONS = { engine, machines } as const;

/** How nodes of other machines join; `undefined` if none can. @throws NBS_INVALID_OPTION, NBS_RAY_UNREACHABLE, NBS_RAY_REFUSED, NBS_RAY_LOOPBACK */
export async function machinesOf(options: StartOptions): Promise<MachineOptions | undefined> {
  const given = parseOptions('serve.start', JOIN_OPTIONS, { engine: engineOf(options), machines: options.machines });
  const { host, port = 0, nbserve, tls: files } = given.machines ?? {};
  // The agent runs in another folder.
  const tls = files && { ...files, cert: resolve(files.cert), key: resolve(files.key), ca: resolve(files.ca) };
  if (given.engine === 'ray') {
    const address = rayAddress(options.engine === 'ray' && options.address !== 'auto' ? options.address : undefined);
    const { machinesOnRay } = await import('../engine/ray/index.js');
    return machinesOnRay({ address, host, port, ...(tls && { tls }), ...(nbserve === undefined ? {} : { nbserve }) });
  }
  if (given.machines === undefined) return undefined;
  if (host === undefined)
    throw InvalidOption({
      where: 'serve.start',
      option: 'machines',
      expected: machines.expected,
      value: shownValue(given.machines),
    });
  return { host, port, ...(tls && { tls }) };
}

/** The engine of a cluster that is started with these options. If they name a cluster to join, none is started. @throws NBS_INVALID_OPTION */
export function engineOf({ engine: given, address }: StartOptions): 'local' | 'ray' {
  if (given !== undefined) return given;
  const usual = engineName();
  if (usual === undefined || (address !== undefined && address !== 'auto')) return 'local';
  if (usual === 'local' || usual === 'ray') return usual;
  throw InvalidOption({ where: 'NBSERVE_ENGINE', option: 'engine', expected: engine.expected, value: usual });
}

/** @throws NBS_INVALID_OPTION */
function rayAddress(given: string | undefined): string {
  const address = given ?? rayApiAddress();
  if (address !== undefined && URL.canParse(address) && /^https?:$/.test(new URL(address).protocol)) return address;
  const expected =
    "with engine 'ray', the address of Ray's dashboard, such as 'http://head:8265', here or in RAY_API_SERVER_ADDRESS";
  throw InvalidOption({ where: 'serve.start', option: 'address', expected, value: String(address) });
}

/** The nodes in the options of `serve.start`; `undefined` if there are none. @throws NBS_INVALID_OPTION, NBS_UNKNOWN_OPTION */
export function declaredNodes(options: StartOptions): readonly DeclaredNode[] | undefined {
  const { numGpus, resources: others, nodes: declared } = options;
  if (numGpus === undefined && others === undefined && declared === undefined) return undefined;
  const shared = parseOptions('serve.start', MACHINE_OPTIONS, { numGpus, resources: others, nodes: declared });
  const count = typeof shared.nodes === 'number' ? shared.nodes : 1;
  const list = Array.isArray(shared.nodes) ? (shared.nodes as readonly NodeOptions[]) : new Array<NodeOptions>(count).fill({});
  const several = list.length > 1;
  const names = new Set<string>();
  return list.map((node, index) => {
    const where = `serve.start, nodes[${index}]`;
    if (typeof node !== 'object' || node === null)
      throw InvalidOption({
        where: 'serve.start',
        option: `nodes[${index}]`,
        expected: "an object such as { name: 'a' }",
        value: String(node),
      });
    const own = parseOptions(where, NODE_OPTIONS, { ...node });
    const id = own.name ?? (several ? `node-${index + 1}` : undefined);
    if (id !== undefined && names.has(id))
      throw InvalidOption({ where, option: 'name', expected: 'a name of its own', value: id });
    if (id !== undefined) names.add(id);
    const gpu = own.numGpus ?? shared.numGpus;
    return {
      ...(id === undefined ? {} : { name: id }),
      resources: { ...shared.resources, ...own.resources, ...(gpu === undefined ? {} : { gpu }) },
    };
  });
}
