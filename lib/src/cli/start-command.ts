import { declaredNodes, engineOf, httpOf, machinesOf, spareReplicasOf, startDetached } from '../host/index.js';
import { BadUsage, type Command, parseCommand } from './command.js';
import { DASHBOARD_HELP, DASHBOARD_OPTIONS, dashboardOf, openDashboard } from './dashboard-options.js';
import {
  accessOf,
  GRPC_CLI_OPTIONS,
  grpcOptionsOf,
  httpsOptionsOf,
  parseJson,
  parseNumber,
  parsePort,
  RESOURCE_OPTIONS,
  resourcesOf,
} from './options.js';

const USAGE =
  'nbserve start [--engine local|ray --address <Ray dashboard>] [--port <number>|auto] [--host <address>] [--allow-host <name>]… [--allow-origin <origin>]… [--https-cert <file> --https-key <file>] [--num-cpus <n>] [--num-gpus <n>] [--memory <bytes>] [--resources <JSON>] [--nodes <number or JSON>] [--machines <address>[:<port>]] [--machines-cert <file> --machines-key <file> --machines-ca <file> [--machines-name <DNS name>]] [--proxy-location EveryNode|HeadOnly|Disabled] [--spare-replicas <n>] [--dashboard-port <number>|auto|none] [--dashboard-host <address>] [--grpc-port <number>|auto] [--grpc-host <address>] [--proto <file>]… [--grpc-cert <file> --grpc-key <file>] [--another]';

export const startCommand: Command = {
  name: 'start',
  summary: 'start a cluster that runs until nbserve stop',
  help: `${USAGE}

  --engine      local, or ray: then each node of the Ray cluster becomes a node, besides this machine (default: NBSERVE_ENGINE, else local)
  --address     with --engine ray: the address of Ray's dashboard, such as http://head:8265 (default: RAY_API_SERVER_ADDRESS);
                the token is read from RAY_AUTH_TOKEN, RAY_AUTH_TOKEN_PATH or ~/.ray/auth_token, unless RAY_AUTH_MODE
                is set and not token
  --port        port for HTTP; a number fails if it is in use (default: 8000, or the next free one)
  --host        address for HTTP (default: 127.0.0.1)
  --allow-host    a host name to accept besides loopback names and --host; may be repeated, * means all
  --allow-origin  an origin of web pages that may call, e.g. https://example.org; may be repeated, * means all
  --num-cpus    CPUs that replicas may use (default: those of the machine); with --engine ray, this and the next three options
                are about this machine only, and each node of Ray offers all that it has
  --num-gpus    GPUs that replicas may use (default: those that nvidia-smi lists)
  --memory      bytes of memory that replicas may use (default: the memory of the machine)
  --resources   other resources that replicas may use, e.g. '{"accelerator": 1}'
  --nodes       nodes on this machine, at 127.0.0.1, 127.0.0.2 …: a number, or a list with the settings of each, e.g.
                '[{"name": "head"}, {"name": "gpu", "numGpus": 2, "resources": {"custom": {"accelerator": 1}}}]' (default: 1)
  --machines    take nodes of other machines: the address at which they reach this one, and the port of the head's agent
                (default: none, and no process listens for other machines)
  --machines-cert  the certificate of this machine in PEM, with its chain, instead of one that the cluster makes
  --machines-key   its private key
  --machines-ca    the authority that has signed the certificates of all machines
  --machines-name  a DNS name that the certificates of all machines have (default: each has the address of its machine)
  --proxy-location  which nodes answer HTTP: EveryNode, HeadOnly or Disabled (default: EveryNode)
  --spare-replicas  spare processes on each node, which make a new replica start sooner; 0 means none (default: 1)
${DASHBOARD_HELP}
  --https-cert      a certificate in PEM, with its chain; then HTTP is answered over TLS only
  --https-key       the private key of the certificate, in PEM
  --grpc-port       port for gRPC, or auto: 9000, or the next free one (default: no gRPC, unless --grpc-host or --proto is given)
  --grpc-host       address for gRPC (default: 127.0.0.1)
  --proto           a proto file with services for gRPC; may be repeated (default: methods are called by name)
  --grpc-cert       a certificate in PEM, with its chain; then gRPC is answered over TLS only
  --grpc-key        the private key of the certificate, in PEM
  --another     start one more, even if a detached cluster of yours is running

Notebooks and scripts join it with serve.start({ address: 'auto' }), and \`nbserve run\` joins it with --address auto.`,
  async run(args) {
    const text = { type: 'string' } as const;
    const options = {
      port: text,
      host: text,
      ...RESOURCE_OPTIONS,
      nodes: text,
      machines: text,
      'machines-cert': text,
      'machines-key': text,
      'machines-ca': text,
      'machines-name': text,
      engine: text,
      address: text,
      'proxy-location': text,
      'spare-replicas': text,
      'allow-host': { type: 'string', multiple: true },
      'allow-origin': { type: 'string', multiple: true },
      ...DASHBOARD_OPTIONS,
      'https-cert': { type: 'string' },
      'https-key': { type: 'string' },
      ...GRPC_CLI_OPTIONS,
      another: { type: 'boolean' },
    } as const;
    const { values } = parseCommand(USAGE, args, options, [0, 0]);
    const { host, another = false } = values;
    const engine = engineOf({ ...(values.engine === undefined ? {} : { engine: values.engine as 'ray' }) });
    if (values.address !== undefined && engine !== 'ray')
      throw BadUsage({ problem: '--address is for --engine ray', usage: USAGE });
    const start = {
      ...(host === undefined ? {} : { host }),
      port: parsePort(USAGE, values.port),
      ...accessOf(values),
      ...httpsOptionsOf(USAGE, values),
      ...grpcOptionsOf(USAGE, values),
      ...resourcesOf(USAGE, values),
      // Checked by serve.start's own check, so that the messages are the same.
      ...(values.nodes === undefined
        ? {}
        : { nodes: parseJson(USAGE, '--nodes', '3 or \'[{}, {"numGpus": 1}]\'', values.nodes) as number }),
      engine,
      ...(values.address === undefined ? {} : { address: values.address }),
      ...machinesOption(values),
      ...(values['proxy-location'] === undefined ? {} : { proxyLocation: values['proxy-location'] as 'EveryNode' }),
      ...(values['spare-replicas'] === undefined
        ? {}
        : { spareReplicas: parseNumber(USAGE, '--spare-replicas', values['spare-replicas']) }),
    };
    const dashboard = dashboardOf(USAGE, values);
    const nodes = declaredNodes(start);
    const { url, grpc, dir } = await startDetached(httpOf(start), {
      name: 'nbserve start',
      another,
      nodes,
      machines: await machinesOf(start),
      controllerArgs: { spareReplicas: spareReplicasOf(start) },
    });
    const api = await openDashboard(dir, dashboard);
    const listening = [`url: ${url === '' ? 'none' : url}`, ...(grpc === '' ? [] : [`grpc: ${grpc}`])];
    console.log([...listening, `folder: ${dir}`, ...api].join('\n'));
    return 0;
  },
};

/** Which of the files are missing is said by the option's own check. */
function machinesOption({ machines, ...values }: { readonly [option: string]: unknown }) {
  const [cert, key, ca, serverName] = ['cert', 'key', 'ca', 'name'].map((name) => values[`machines-${name}`]);
  const tls = { cert, key, ca, ...(serverName === undefined ? {} : { serverName }) } as { cert: string; key: string; ca: string };
  const hasTls = [cert, key, ca, serverName].some((one) => one !== undefined);
  if (machines === undefined && !hasTls) return {};
  return { machines: { ...(machines === undefined ? {} : parseMachines(String(machines))), ...(hasTls ? { tls } : {}) } };
}

/** `10.0.0.5`, `10.0.0.5:7000`, `fd00::1` or `[fd00::1]:7000`. What is wrong is said by the option's own check. */
function parseMachines(text: string): { readonly host: string; readonly port?: number } {
  const [, bracketed, plain, port] = /^(?:\[(.*)\]|([^:]*)):(\d+)$/.exec(text) ?? [];
  return port === undefined ? { host: text } : { host: bracketed ?? plain ?? '', port: Number(port) };
}
