import { resolve } from 'node:path';
import { executeNotebook, parseParameter } from '../runner/index.js';
import { BadUsage, type Command, parseCommand } from './command.js';

const USAGE =
  'nbserve execute <notebook.ipynb> [--output <file>] [--inplace] [--timeout <seconds>] [-p <name> <value>]… [--allow-errors]';

export const executeCommand: Command = {
  name: 'execute',
  summary: 'run a notebook without Jupyter and keep its outputs',
  help: `${USAGE}

  --output        notebook to write (default: <notebook>.executed.ipynb)
  --inplace       write into the notebook itself
  --timeout       seconds that a cell may take (default: no limit)
  -p name value   set a parameter: JSON, or a text; as papermill does
  --allow-errors  go on behind a cell that fails
  --folder        folder that the cells run in (default: the notebook's)
  --quiet         do not print what the cells print

Exit code 1 where a cell failed, with the cell and the error on stderr; the outputs up to there are written.`,
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
    const input = resolve(positionals[0] as string);
    return executeNotebook({
      input,
      output: values.inplace === true ? input : resolve(values.output ?? input.replace(/(\.ipynb)?$/, '.executed.ipynb')),
      folder: values.folder === undefined ? null : resolve(values.folder),
      parameters,
      timeoutMs: parseTimeout(values.timeout),
      allowErrors: values['allow-errors'] === true,
      echo: values.quiet !== true,
      progress: false,
    });
  },
};

/** `-p name value` takes two words, which parseArgs cannot. */
function takeParameters(args: readonly string[]): { rest: string[]; parameters: [string, unknown][] } {
  const rest: string[] = [];
  const parameters: [string, unknown][] = [];
  for (let i = 0; i < args.length; i += 1) {
    if (args[i] !== '-p' && args[i] !== '--parameter') {
      rest.push(args[i] as string);
      continue;
    }
    const [name, value] = [args[i + 1], args[i + 2]];
    if (name === undefined || value === undefined || !/^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name)) {
      throw BadUsage({ problem: '-p takes the name of a variable and a value', usage: USAGE });
    }
    parameters.push([name, parseParameter(value)]);
    i += 2;
  }
  return { rest, parameters };
}

function parseTimeout(text: string | undefined): number | null {
  if (text === undefined) return null;
  const seconds = Number(text);
  if (Number.isFinite(seconds) && seconds > 0) return seconds * 1000;
  throw BadUsage({ problem: `--timeout takes seconds, more than 0, not ${text}`, usage: USAGE });
}
