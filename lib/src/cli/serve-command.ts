import { findPackages } from '../grpc/index.js';
import { type Client, openCluster, setOwnerName } from '../host/index.js';
import { findSources, parseServeOptions, type ServeModelOptions, serveOn } from '../oip/index.js';
import { inferenceProto } from '../onnx/public/index.js';
import { BadUsage, type Command, parseCommand } from './command.js';
import { accessOf, parseNumber, parsePort } from './options.js';
import { packageRunnerGone } from './package-runner.js';
import { DRAIN_MS, untilInterrupted } from './until-interrupted.js';

/** Pictures and batches are larger than the 4 MiB that gRPC allows by default. */
const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

const USAGE =
  'nbserve serve <model.onnx>|<folder>… [--name <model>] [--replicas <number>] [--max-batch-size <number>] [--batch-wait <duration>] [--device <device>] [--gpus <number>] [--strict] [--run-in <place>] [--share-weights] [--cache-optimized] [--threads <number>] [--no-warmup] [--model-control-mode <mode>] [--num-gpus <number>] [--port <number>|auto] [--host <address>] [--allow-host <name>]… [--allow-origin <origin>]… [--grpc-port <number>|auto|none] [--grpc-host <address>] [--address auto|<folder>]';

export const serveCommand: Command = {
  name: 'serve',
  summary: 'serve ONNX models under the Open Inference Protocol, in the foreground, until Ctrl-C',
  help: `${USAGE}

  <model.onnx>      a model; its name in the protocol is that of the file without .onnx
  <folder>          a folder of models in Triton's layout, or one model of such a folder
  --name            another name for the model, if only one is given
  --replicas        number of processes for each model (default: 1, or what its config.pbtxt says)
  --max-batch-size  largest number of rows of joined requests; 0 means that requests are not joined (default: 32, if the model has a batch dimension)
  --batch-wait      how long a request waits for others to join, such as 5ms (default: 0)
  --device          auto, cpu, cuda or webgpu (default: auto)
  --gpus            GPUs that each replica reserves, also a part of one such as 0.5 (default: 1 with --device cuda or webgpu if the
                    cluster has GPUs, else 0; a replica that reserves none runs on the CPU)
  --strict          fail instead of running on the CPU what the device cannot run
  --run-in          auto, loop or beside: whether runs are made in the event loop or beside it (default: auto)
  --share-weights   let the replicas of a machine share the memory of the weights
  --cache-optimized keep the optimized model in nbserve's cache, so that the next load is faster
  --threads         number of threads for one operator; 0 means one for each core (default: 0)
  --no-warmup       do not run a model once before it is ready
  --model-control-mode
                    explicit or none: whether clients may unload the models and load them again (default: explicit)
  --num-gpus        GPUs that all replicas may use (default: those that nvidia-smi lists)
  --port            port for HTTP; a number fails if it is in use (default: 8000, or the next free one)
  --host            address for HTTP (default: 127.0.0.1)
  --allow-host      a host name to accept besides loopback names and --host; may be repeated, * means all
  --allow-origin    an origin of web pages that may call, e.g. https://example.org; may be repeated, * means all
  --grpc-port       port for gRPC, auto (9000, or the next free one) or none (default: auto, if @grpc/grpc-js is installed)
  --grpc-host       address for gRPC (default: 127.0.0.1)
  --address         serve them on a running cluster: the folder of the cluster, or auto for your detached cluster if one is running;
                    the command then ends and the models keep being served

Ctrl-C lets the replicas finish the requests that they have begun, for 20 seconds at most. A second Ctrl-C ends them at once.`,
  async run(args) {
    const text = { type: 'string' } as const;
    const flag = { type: 'boolean' } as const;
    const { values, positionals } = parseCommand(
      USAGE,
      args,
      {
        name: text,
        replicas: text,
        'max-batch-size': text,
        'batch-wait': text,
        device: text,
        gpus: text,
        strict: flag,
        'run-in': text,
        'share-weights': flag,
        'cache-optimized': flag,
        threads: text,
        'no-warmup': flag,
        'model-control-mode': text,
        'num-gpus': text,
        port: text,
        host: text,
        'allow-host': { type: 'string', multiple: true },
        'allow-origin': { type: 'string', multiple: true },
        'grpc-port': text,
        'grpc-host': text,
        address: text,
      } as const,
      [1, Number.POSITIVE_INFINITY],
    );
    const number = (option: 'replicas' | 'max-batch-size' | 'gpus' | 'threads' | 'num-gpus'): number | undefined => {
      const value = values[option];
      return value === undefined ? undefined : parseNumber(USAGE, `--${option}`, value);
    };
    const numGpus = number('num-gpus');
    const given = {
      name: values.name,
      replicas: number('replicas'),
      maxBatchSize: number('max-batch-size'),
      batchWaitTimeout: values['batch-wait'],
      device: values.device,
      gpus: number('gpus'),
      strict: values.strict,
      runIn: values['run-in'],
      shareWeights: values['share-weights'],
      cacheOptimized: values['cache-optimized'],
      intraOpThreads: number('threads'),
      warmup: values['no-warmup'] === true ? false : undefined,
      modelControlMode: values['model-control-mode'],
    };
    const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
    const options = parseServeOptions(set as ServeModelOptions);
    const sources = positionals.flatMap((path) => findSources(path, options));
    if (values.name !== undefined && sources.length > 1)
      throw BadUsage({ problem: `--name is for one model, and there are ${sources.length}`, usage: USAGE });
    const twice = sources.find(({ spec }, at) => sources.findIndex((other) => other.spec.name === spec.name) < at);
    if (twice !== undefined) throw BadUsage({ problem: `two models are called ${twice.spec.name}`, usage: USAGE });
    setOwnerName(`nbserve serve ${positionals.join(' ')} in ${process.cwd()}`);
    const runnerGone = packageRunnerGone();
    const client = await openCluster({
      port: parsePort(USAGE, values.port),
      ...accessOf(values),
      ...(numGpus === undefined ? {} : { numGpus }),
      ...(values.host === undefined ? {} : { host: values.host }),
      ...(values.address === undefined ? grpcOf(values) : { address: values.address }),
    });
    try {
      const served = await serveOn(client, sources, options);
      const { grpc } = await client.call('status', undefined);
      const end = client.isOwner ? ' — Ctrl-C ends it' : '';
      const lines = served.map(
        ({ name, versions, url }) => `${name} (version ${versions.join(', ')}) runs${url === '' ? '' : ` at ${url}`}${end}`,
      );
      console.log([...lines, ...(grpc === '' ? [] : [`gRPC at ${grpc}`])].join('\n'));
      return client.isOwner ? await stay(client, runnerGone) : 0;
    } finally {
      await client.close();
    }
  },
};

async function stay(client: Client, runnerGone: Promise<void>): Promise<number> {
  const code = await untilInterrupted(client, runnerGone);
  await client.cluster.stop({ graceMs: DRAIN_MS });
  return code;
}

/** gRPC is answered if its package is there, because it is an optional one. If a port is asked for, its absence is an error. */
function grpcOf(values: { readonly 'grpc-port'?: string | undefined; readonly 'grpc-host'?: string | undefined }) {
  const { 'grpc-port': port, 'grpc-host': host } = values;
  if (port === 'none') return {};
  if (port === undefined && host === undefined && !hasGrpc()) {
    console.error('note: gRPC is not answered, because the package @grpc/grpc-js is not installed');
    return {};
  }
  const grpc = { port: parsePort(USAGE, port, '--grpc-port'), protos: [inferenceProto], maxMessageBytes: MAX_MESSAGE_BYTES };
  return { grpc: { ...grpc, ...(host === undefined ? {} : { host }) } };
}

function hasGrpc(): boolean {
  try {
    findPackages(process.cwd());
    return true;
  } catch {
    return false;
  }
}
