import { declaredResources, startDetachedCluster } from '../host/index.js';
import type { Command } from './command.js';
import { BadUsage } from './errors.js';
import { accessOf, parseCommand, parsePort } from './options.js';

const USAGE =
  'nbserve start [--port <number>|auto] [--host <address>] [--allow-host <name>]… [--allow-origin <origin>]… [--num-cpus <n>] [--num-gpus <n>] [--resources <JSON>] [--another]';

export const startCommand: Command = {
  name: 'start',
  summary: 'start a cluster that goes on until nbserve stop',
  help: `${USAGE}

  --port        port for HTTP; a number fails where it is taken (default: 8000, else the next free one)
  --host        address for HTTP (default: 127.0.0.1)
  --allow-host    a host name to serve besides loopback ones and --host; may be repeated, * is all
  --allow-origin  an origin of web pages that may call, e.g. https://example.org; may be repeated, * is all
  --num-cpus    cpus that replicas may have (default: the machine's)
  --num-gpus    GPUs that replicas may have (default: what nvidia-smi lists)
  --resources   what else they may have, e.g. '{"accelerator": 1}'
  --another     also where a detached cluster of yours runs already

Notebooks and scripts join it with serve.start({ address: 'auto' }), \`nbserve run\` with --address auto.`,
  async run(args) {
    const text = { type: 'string' } as const;
    const options = {
      port: text,
      host: text,
      'num-cpus': text,
      'num-gpus': text,
      resources: text,
      'allow-host': { type: 'string', multiple: true },
      'allow-origin': { type: 'string', multiple: true },
      another: { type: 'boolean' },
    } as const;
    const { values } = parseCommand(USAGE, args, options, [0, 0]);
    const http = { host: values.host ?? '127.0.0.1', port: parsePort(USAGE, values.port), ...accessOf(values) };
    const { url, dir } = await startDetachedCluster(http, { another: values.another ?? false, resources: resourcesOf(values) });
    console.log(`url: ${url}\nfolder: ${dir}`);
    return 0;
  },
};

/** @throws NBS_BAD_USAGE, NBS_INVALID_OPTION */
function resourcesOf(values: { readonly [option: string]: string | boolean | string[] | undefined }) {
  const { 'num-cpus': cpus, 'num-gpus': gpus, resources } = values;
  const others = {
    ...(cpus === undefined ? {} : { cpu: Number(cpus) }),
    ...(resources === undefined ? {} : { custom: parseJson(String(resources)) }),
  };
  return declaredResources({
    ...(gpus === undefined ? {} : { numGpus: Number(gpus) }),
    ...(Object.keys(others).length === 0 ? {} : { resources: others }),
  });
}

function parseJson(text: string): Record<string, number> {
  try {
    return JSON.parse(text) as Record<string, number>;
  } catch (error) {
    throw BadUsage({ problem: `--resources takes JSON such as '{"accelerator": 1}': ${(error as Error).message}`, usage: USAGE });
  }
}
