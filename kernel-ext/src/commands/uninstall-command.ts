import { existsSync, lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { type Command, parseCommand } from 'nbserve/cli';
import { defineError } from 'nbserve/errors';
import { clustersHome, listLocalClusters } from 'nbserve/host';
import { uninstallKernelspec } from '../install/index.js';
import { cacheFolder } from './env.js';
import { PLACE_HELP, PLACE_OPTIONS, placeOf } from './install-command.js';

const USAGE = 'nbserve uninstall [--user | --prefix <folder>] [--name <name>] [--all]';

const ClustersRun = defineError('NBS_CLUSTERS_RUN', 409, 'clusters of yours run, so their folders stay; end them first: {names}');

export const uninstallCommand: Command = {
  name: 'uninstall',
  summary: 'remove the kernel from Jupyter',
  help: `${USAGE}

${PLACE_HELP}
  --all           also remove what nbserve keeps in your folders; without it, the command lists that, and asks if it runs in a terminal

The command does not remove the folder of nbserve itself, nor Jupyter's own settings in ~/.jupyter.`,
  async run(args) {
    const { values } = parseCommand(USAGE, args, { ...PLACE_OPTIONS, all: { type: 'boolean' } }, [0, 0]);
    const folder = uninstallKernelspec(placeOf(values));
    console.log(folder === undefined ? 'there was no kernel to remove' : `removed ${folder}`);
    const left = leftovers();
    if (left.length === 0) return 0;
    if (values.all !== true) for (const { path, what, bytes } of left) console.log(`left: ${path} (${what}, ${size(bytes)})`);
    if (values.all === true || (await isWanted())) remove(left);
    else console.log('nbserve uninstall --all removes it too');
    return 0;
  },
};

interface Leftover {
  readonly path: string;
  readonly what: string;
  readonly bytes: number;
}

function leftovers(): Leftover[] {
  const known = [
    { path: cacheFolder(), what: 'models and data, compiled code, the JupyterLab of nbserve lab' },
    { path: clustersHome(), what: 'sockets, state and logs of clusters' },
  ];
  return known
    .filter(({ path }) => existsSync(path) && readdirSync(path).length > 0)
    .map((one) => ({ ...one, bytes: bytesIn(one.path) }));
}

/** @throws NBS_CLUSTERS_RUN */
function remove(left: readonly Leftover[]): void {
  const names = listLocalClusters().map(({ name }) => name);
  if (names.length > 0) throw ClustersRun({ names: names.join(', ') });
  for (const { path } of left) {
    rmSync(path, { recursive: true, force: true });
    console.log(`removed ${path}`);
  }
}

async function isWanted(): Promise<boolean> {
  if (process.stdin.isTTY !== true || process.stdout.isTTY !== true) return false;
  const asked = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^y(es)?$/i.test((await asked.question('remove it too? [y/N] ')).trim());
  } finally {
    asked.close();
  }
}

function bytesIn(folder: string): number {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return names.reduce((sum, name) => sum + (lstatSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0), 0);
}

const size = (bytes: number): string => (bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${Math.round(bytes / 1e6)} MB`);
