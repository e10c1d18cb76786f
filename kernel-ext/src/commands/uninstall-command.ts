import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { type Command, parseCommand } from 'nbserve/cli';
import { defineError } from 'nbserve/errors';
import { historyFolder, isHistoryFile } from '../history/index.js';
import { uninstallKernelspec } from '../install/index.js';
import { later } from '../runner/index.js';
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

It removes what nbserve has made; other files in the folders that NBSERVE_CACHE and NBSERVE_HISTORY name stay.
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
  /** The names of the entries of that folder that are nbserve's. */
  readonly names: readonly string[];
  readonly what: string;
  readonly bytes: number;
}

function leftovers(): Leftover[] {
  const { clustersHome, isCacheEntry } = later.host();
  const known = [
    {
      path: cacheFolder(),
      names: entriesOf(cacheFolder()).filter(isCacheEntry),
      what: 'models and data, compiled code, the JupyterLab of nbserve lab',
    },
    { path: clustersHome(), names: entriesOf(clustersHome()), what: 'sockets, state and logs of clusters' },
    { path: historyFolder(), names: entriesOf(historyFolder()).filter(isHistoryFile), what: 'the history of cells' },
  ];
  return known
    .filter(({ names }) => names.length > 0)
    .map((one) => ({ ...one, bytes: one.names.reduce((sum, name) => sum + bytesIn(join(one.path, name)), 0) }));
}

/** The names in a folder. One that cannot be read does not keep the command from removing the others. */
function entriesOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    // It is not there, or is no folder, as with NBSERVE_HISTORY=/dev/null.
    if (code !== 'ENOENT' && code !== 'ENOTDIR')
      console.error(`note: ${folder} cannot be read (${code}), so what is in it stays`);
    return [];
  }
}

/** @throws NBS_CLUSTERS_RUN */
function remove(left: readonly Leftover[]): void {
  const { listLocalClusters, listOf } = later.host();
  const names = listLocalClusters().map(({ name }) => name);
  if (names.length > 0) throw ClustersRun({ names: names.join(', ') });
  for (const { path, names: own } of left) {
    for (const name of own) rmSync(join(path, name), { recursive: true, force: true });
    const others = readdirSync(path);
    // It may be a link to a folder, which then stays, empty.
    if (others.length === 0) rmSync(path, { recursive: true, force: true });
    console.log(
      others.length === 0 ? `removed ${path}` : `removed ${listOf(own)} in ${path}; what else is there stays: ${listOf(others)}`,
    );
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

function bytesIn(path: string): number {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory() !== true) return found?.size ?? 0;
  const names = readdirSync(path, { recursive: true, encoding: 'utf8' });
  return names.reduce((sum, name) => sum + (lstatSync(join(path, name), { throwIfNoEntry: false })?.size ?? 0), 0);
}

const size = (bytes: number): string => (bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${Math.round(bytes / 1e6)} MB`);
