import { resolve } from 'node:path';
import { BadUsage, type Command, parseCommand } from 'nbserve/cli';
import { executeNotebook, isVariableName, parseParameter } from '../runner/index.js';

const USAGE =
  'nbserve execute <notebook.ipynb> [--output <file> | --inplace] [--timeout <seconds>] [-p <name> <value>]… [-r <name> <text>]… [--allow-errors]';

export const executeCommand: Command = {
  name: 'execute',
  summary: 'run a notebook without Jupyter and keep its outputs',
  help: `${USAGE}

  --output        notebook to write (default: <notebook>.executed.ipynb)
  --inplace       write into the notebook itself
  --timeout       seconds that a cell may take (default: no limit)
  -p name value   set a parameter, as papermill does: True, None, 42, 1e-3, a list or an object in JSON or YAML, else a text
  -r name text    set a parameter to this text, without reading it as a value
  --allow-errors  continue after a cell that fails
  --folder        folder that the cells run in (default: the notebook's)
  --quiet         do not print what the cells print

The exit code is 1 if a cell failed; the cell and the error are then printed to stderr, and the outputs so far are written. It is 2 if the
notebook could not be run or written. It is 130 or 143 if Ctrl-C or SIGTERM ended the run; the outputs so far are written then too, and a
second signal ends the run at once.`,
  async run(args) {
    const { rest, parameters } = takeParameters(args);
    const { values, positionals } = parseCommand(
      USAGE,
      rest,
      {
        output: { type: 'string' },
        inplace: { type: 'boolean' },
        timeout: { type: 'string' },
        'allow-errors': { type: 'boolean' },
        folder: { type: 'string' },
        quiet: { type: 'boolean' },
      },
      [1, 1],
    );
    if (values.inplace === true && values.output !== undefined)
      throw BadUsage({ problem: '--inplace and --output exclude each other', usage: USAGE });
    const input = resolve(positionals[0] as string);
    return executeNotebook({
      input,
      output: values.inplace === true ? input : resolve(values.output ?? input.replace(/(\.ipynb)?$/, '.executed.ipynb')),
      folder: values.folder === undefined ? null : resolve(values.folder),
      parameters,
      timeoutMs: parseTimeout(values.timeout, USAGE),
      allowErrors: values['allow-errors'] === true,
      echo: values.quiet !== true,
      progress: false,
    });
  },
};

const PARAMETER: ReadonlyMap<string, (text: string) => unknown> = new Map([
  ...['-p', '--parameter', '--parameters'].map((flag) => [flag, parseParameter] as const),
  ...['-r', '--parameter-raw', '--parameters_raw'].map((flag) => [flag, (text: string): unknown => text] as const),
]);

/** Reads `-p name value`: an option with two values, which `parseArgs` cannot read. */
function takeParameters(args: readonly string[]): { rest: string[]; parameters: [string, unknown][] } {
  const rest: string[] = [];
  const parameters: [string, unknown][] = [];
  for (let i = 0; i < args.length; i += 1) {
    const flag = args[i] as string;
    const parse = PARAMETER.get(flag);
    if (parse === undefined) {
      rest.push(flag);
      continue;
    }
    const [name, value] = [args[i + 1], args[i + 2]];
    if (name === undefined || value === undefined || !isVariableName(name)) {
      throw BadUsage({ problem: `${flag} takes the name of a variable and a value`, usage: USAGE });
    }
    parameters.push([name, parse(value)]);
    i += 2;
  }
  return { rest, parameters };
}

/** The longest time that a timer can have. A timer with a longer time fires at once. */
const LONGEST_MS = 2 ** 31 - 1;

/** `--timeout <seconds>` in milliseconds; `null` is no limit. @throws NBS_BAD_USAGE */
export function parseTimeout(text: string | undefined, usage: string): number | null {
  if (text === undefined) return null;
  const ms = Number(text) * 1000;
  if (Number.isFinite(ms) && ms > 0) return ms > LONGEST_MS ? null : ms;
  throw BadUsage({ problem: `--timeout takes seconds, more than 0, not ${text}`, usage });
}
