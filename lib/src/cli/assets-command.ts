import { isNbserveError } from '../core/index.js';
import { type AssetEvent, Assets } from '../data/index.js';
import type { Command } from './command.js';

const USAGE = `nbserve assets: models and data that lessons use

  nbserve assets [list]              what there is, and whether it is here
  nbserve assets fetch [name …]      fetch and build what is missing; a name can be a folder: mnist
  nbserve assets verify [name …]     compare what is here with the manifest
  nbserve assets build [name …]      build again from the sources and compare
`;

export const assetsCommand: Command = {
  name: 'assets',
  summary: 'list, fetch, verify and build the models and data of the lessons',
  help: 'nbserve assets [list|fetch|verify|build] [name …]',
  run: (args) =>
    runAssets(args, {
      out: (text) => void process.stdout.write(text),
      err: (text) => void process.stderr.write(text),
      isTerminal: process.stdout.isTTY === true,
    }),
};

/** Where the command writes to. */
interface CommandOutput {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** True if a progress line can be rewritten. */
  readonly isTerminal: boolean;
}

/**
 * Runs `nbserve assets …`.
 * @param from the folder from which `datasets/` is looked for, upwards
 * @returns the exit code: 0; 1 if something is missing or wrong; 2 if the command line is wrong
 */
export async function runAssets(
  args: readonly string[],
  { out, err, isTerminal }: CommandOutput,
  from?: string,
): Promise<number> {
  const [verb = 'list', ...names] = args;
  if (verb === '--help' || verb === '-h' || verb === 'help') {
    out(USAGE);
    return 0;
  }
  if (!['list', 'fetch', 'verify', 'build'].includes(verb)) {
    err(`nbserve assets: no command ${verb}\n\n${USAGE}`);
    return 2;
  }
  try {
    const assets = Assets.find(from);
    const selected = assets.select(names);
    let failed = 0;
    for (const [i, asset] of selected.entries()) {
      if (verb === 'list' || verb === 'verify') {
        const { state, path } = await assets.check(asset);
        const isWrong = state === 'damaged' || (state === 'missing' && (verb === 'verify' || asset.committed));
        if (isWrong) failed += 1;
        out(
          `${state.padEnd(8)} ${size(asset.bytes).padStart(8)}  ${asset.name}  ${verb === 'list' ? `${asset.description} (${asset.licence})` : path}\n`,
        );
        continue;
      }
      const progress = `${bar(i, selected.length)} `;
      const onEvent = ({ kind, text }: AssetEvent) => {
        if (kind === 'source-failed') err(`${text}\n`);
        else if (isTerminal) out(`\r\x1b[K${progress}${asset.name}: ${kind} ${text}`);
        else if (kind !== 'ready') out(`${asset.name}: ${kind} ${text}\n`);
      };
      try {
        const path =
          verb === 'fetch' ? await assets.fetch(asset, { onEvent }) : await assets.fetch(asset, { onEvent, force: true });
        out(`${isTerminal ? '\r\x1b[K' : ''}${asset.name}: ready, sha256 ${asset.sha256.slice(0, 12)}…, ${path}\n`);
      } catch (error) {
        failed += 1;
        err(`${isTerminal ? '\n' : ''}${errorText(error)}\n`);
      }
    }
    return failed === 0 ? 0 : 1;
  } catch (error) {
    err(`${errorText(error)}\n`);
    return 1;
  }
}

const errorText = (error: unknown): string =>
  isNbserveError(error) ? `${error.code}: ${error.message}` : String((error as Error).stack ?? error);
const size = (bytes: number): string => (bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);
const bar = (done: number, all: number): string =>
  `[${'#'.repeat(Math.round((done / all) * 20)).padEnd(20, '.')}] ${done}/${all}`;
