import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { isLoopback, isUnspecified } from '../core/index.js';
import { admitNode, declaredNodes, joinAddressOf, startNode } from '../host/index.js';
import { ADDRESS_OPTIONS, joinCluster } from './cluster.js';
import { BadUsage, type Command, parseCommand } from './command.js';
import { RESOURCE_OPTIONS, resourcesOf } from './options.js';
import { packageRunnerGone, RUNNER_GONE } from './package-runner.js';

const USAGE = `nbserve node address [--address <folder>]
       nbserve node join <host:port> <pin> --host <address of this machine> [--cert <file> --key <file> --ca <file> [--server-name <DNS name>]] [--wait <seconds>] [--num-cpus <n>] [--num-gpus <n>] [--memory <bytes>] [--resources <JSON>]
       nbserve node admit <fingerprint> --name <name> [--address <folder>]`;

const HEX = /^[0-9a-f]{64}$/;
const NAME = /^[A-Za-z0-9][\w.-]{0,62}$/;

export const nodeCommand: Command = {
  name: 'node',
  summary: 'let a node of another machine join a cluster that was started with --machines',
  help: `${USAGE}

  address   on the head: show the command that the other machine runs; it contains no secret
  join      on the other machine: make a key, show its fingerprint, and wait until the head admits it; then run the node until the cluster ends
  admit     on the head: let the node with this fingerprint join
  --host    the address at which the other machines reach this one
  --name    the name of the node in the status
  --cert    if the cluster uses your certificates: that of this machine in PEM, with its chain; --key is its private key, --ca the authority,
            and --server-name the DNS name that the certificates of all machines have, if they do not have addresses
  --wait    how long to wait until the head admits the node (default: 600)
  --num-cpus   CPUs of this machine that replicas may use (default: all)
  --num-gpus   GPUs that replicas may use (default: those that nvidia-smi lists)
  --memory     bytes of memory that replicas may use (default: all)
  --resources  other resources that replicas may use, e.g. '{"accelerator": 1}'
  --address the cluster's folder, if several run on the head; nbserve status lists them

Compare the fingerprint with the one that the other machine shows before you admit it.`,
  async run([action, ...args]) {
    if (action === 'address') return showAddress(args);
    if (action === 'join') return join(args);
    if (action === 'admit') return admit(args);
    throw BadUsage({ problem: `${action ?? 'nothing'} is not one of address, join, admit`, usage: USAGE });
  },
};

async function showAddress(args: readonly string[]): Promise<number> {
  const { values } = parseCommand(USAGE, args, ADDRESS_OPTIONS, [0, 0]);
  const client = await joinCluster(values);
  try {
    const { address, pin } = await joinAddressOf(client.cluster.agent);
    console.log(`nbserve node join ${address} ${pin} --host <address of that machine>`);
  } finally {
    await client.close();
  }
  return 0;
}

async function admit(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseCommand(USAGE, args, { ...ADDRESS_OPTIONS, name: { type: 'string' } }, [1, 1]);
  const [fingerprint = ''] = positionals;
  const node = values.name ?? '';
  if (!HEX.test(fingerprint)) throw BadUsage({ problem: 'a fingerprint has 64 digits from 0 to f', usage: USAGE });
  if (!NAME.test(node)) throw BadUsage({ problem: "--name takes letters, digits, '_', '-' and '.'", usage: USAGE });
  const client = await joinCluster(values);
  try {
    await admitNode(client.cluster.agent, { fingerprint, node });
  } finally {
    await client.close();
  }
  return 0;
}

async function join(args: readonly string[]): Promise<number> {
  const text = { type: 'string' } as const;
  const options = { host: text, wait: text, cert: text, key: text, ca: text, 'server-name': text, ...RESOURCE_OPTIONS } as const;
  const { values, positionals } = parseCommand(USAGE, args, options, [2, 2]);
  const [head = '', pin = ''] = positionals;
  const { host = '', wait = '600', cert, key, ca, 'server-name': serverName } = values;
  if (!/:\d+$/.test(head)) throw BadUsage({ problem: 'the head is named as host:port', usage: USAGE });
  if (!HEX.test(pin)) throw BadUsage({ problem: 'a pin has 64 digits from 0 to f', usage: USAGE });
  if (isIP(host) === 0) throw BadUsage({ problem: '--host takes an IP address of this machine', usage: USAGE });
  if (isUnspecified(host)) throw BadUsage({ problem: `nobody can connect to --host ${host}`, usage: USAGE });
  const headHost = head.slice(0, head.lastIndexOf(':')).replace(/^\[|\]$/g, '');
  if (isLoopback(host) && isIP(headHost) !== 0 && !isLoopback(headHost))
    throw BadUsage({
      problem: `--host ${host} is a loopback address, at which ${headHost} cannot reach this machine`,
      usage: USAGE,
    });
  if (!/^\d+$/.test(wait)) throw BadUsage({ problem: '--wait takes seconds', usage: USAGE });
  const files = [cert, key, ca].map((path) => (path === undefined ? '' : resolve(path))) as [string, string, string];
  const hasFiles = files.some((path) => path !== '') || serverName !== undefined;
  if (hasFiles && files.includes('')) throw BadUsage({ problem: '--cert, --key and --ca belong together', usage: USAGE });
  const tls = { cert: files[0], key: files[1], ca: files[2], ...(serverName === undefined ? {} : { serverName }) };
  const [{ resources } = {}] = declaredNodes(resourcesOf(USAGE, values)) ?? [];
  const child = startNode({
    head,
    pin,
    host,
    ...(hasFiles ? { tls } : {}),
    ...(resources === undefined ? {} : { resources }),
    waitSeconds: Number(wait),
  });
  // Ctrl-C reaches the child too.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  void packageRunnerGone().then(() => {
    console.error(RUNNER_GONE);
    child.kill('SIGTERM');
  });
  return new Promise((resolve) => child.on('exit', (code) => resolve(code ?? 1)));
}
