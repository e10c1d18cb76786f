import { cudaFolders, cudaNeeds, describeNeeds, lookForCuda, setUpCuda } from '../cuda/index.js';
import { BadUsage, type Command, parseCommand } from './command.js';
import { ownRay, setUpRay } from './set-up-ray.js';

const USAGE = 'nbserve setup cuda|ray [--check] [--without-driver] [--wheels <folder>] [--json]';

export const setupCommand: Command = {
  name: 'setup',
  summary: 'install what models on CUDA or a Ray cluster need, or say what is missing',
  help: `${USAGE}

  cuda              the provider of ONNX Runtime, CUDA 13 and cuDNN 9, from PyPI by pip: 1.3 GB are downloaded, 2.5 GB are kept
  ray               Ray with its dashboard, from PyPI, in a virtual environment of its own (384 MB); needed only to start a Ray cluster
  --check           only says what is there and what is missing; the exit code is 1 if something is missing
  --without-driver  install CUDA although this machine has no NVIDIA driver or GPU, as for an image that another machine runs
  --wheels          install CUDA from the packages (.whl files) in this folder, without a network
  --json            print what is there and what is missing as JSON

The driver itself must be installed by root. Nothing outside nbserve's cache and the package onnxruntime-node is changed.
\`npm ci\` and an update of onnxruntime-node remove the provider: run the command again.`,
  async run(args) {
    const options = {
      check: { type: 'boolean' },
      'without-driver': { type: 'boolean' },
      json: { type: 'boolean' },
      wheels: { type: 'string' },
    } as const;
    const { values, positionals } = parseCommand(USAGE, args, options, [1, 1]);
    const { check: isCheck = false, json: isJson = false, 'without-driver': withoutDriver, wheels } = values;
    if (positionals[0] === 'ray' && withoutDriver === undefined && wheels === undefined) return ray(isCheck, isJson);
    if (positionals[0] === 'ray') throw BadUsage({ problem: '--without-driver and --wheels are for cuda', usage: USAGE });
    if (positionals[0] === 'cuda') return cuda(isCheck, isJson, withoutDriver === true, wheels ?? null);
    throw BadUsage({ problem: `there is no set-up for ${positionals[0]}`, usage: USAGE });
  },
};

async function cuda(isCheck: boolean, isJson: boolean, withoutDriver: boolean, wheels: string | null): Promise<number> {
  const folders = cudaFolders();
  const show = (needs: ReturnType<typeof cudaNeeds>): void =>
    console.log(isJson ? JSON.stringify(needs, null, 2) : describeNeeds(needs));
  if (isCheck) {
    const needs = cudaNeeds(await lookForCuda(folders));
    show(needs);
    return needs.every(({ isThere }) => isThere) ? 0 : 1;
  }
  const { needs, libraryFolders } = await setUpCuda(folders, withoutDriver, wheels, (packages) =>
    console.error(`installing ${packages.join(' ')}…`),
  );
  show(needs);
  if (libraryFolders.length > 0)
    console.error(
      `Before you start a process that runs models on CUDA, run this:\nexport LD_LIBRARY_PATH=${libraryFolders.join(':')}\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}\nThen \`nbserve doctor\` tells whether the device computes what the CPU computes.`,
    );
  return needs.every(({ isThere, isOfMachine }) => isThere || (isOfMachine && withoutDriver)) ? 0 : 1;
}

async function ray(isCheck: boolean, isJson: boolean): Promise<number> {
  const found = isCheck ? ownRay() : await setUpRay();
  if (isJson) console.log(JSON.stringify(found, null, 2));
  else if (found.isThere) console.log(`Ray ${found.version}: ${found.command}`);
  else console.log(`Ray ${found.version} is not in ${found.folder}: nbserve setup ray`);
  return found.isThere ? 0 : 1;
}
