import { resolve } from 'node:path';
import { BadUsage, type Command, parseCommand } from 'nbserve/cli';
import { executeNotebook } from '../runner/index.js';
import { parseTimeout, takeParameters } from './run-options.js';

const USAGE =
  'nbserve execute <notebook.ipynb> [--output <file> | --inplace] [--timeout <seconds>] [-p <name> <value>]… [-r <name> <text>]…\n       [-y <yaml>]… [-f <file>]… [-b <base64>]… [--allow-errors] [--folder <folder>] [--quiet]';

export const executeCommand: Command = {
  name: 'execute',
  summary: 'run a notebook without Jupyter and keep its outputs',
  help: `${USAGE}

  --output        notebook to write (default: <notebook>.executed.ipynb)
  --inplace       write into the notebook itself
  --timeout       seconds that a cell may take (default: no limit)
  -p name value   set a parameter, as papermill does: True, None, 42, 1e-3, inf, else a text. Unlike in papermill, true, false and null are
                  values too, and so are lists, objects and quoted texts in JSON or YAML: use -r if you mean their text
  -r name text    set a parameter to this text, without reading it as a value
  -y yaml         set parameters to the values of a mapping in YAML
  -f file         set parameters to the values of a mapping in a file of YAML or JSON
  -b base64       set parameters to the values of a mapping in YAML, which is encoded in base64
  --allow-errors  continue after a cell that fails
  --folder        folder that the cells run in (default: the notebook's)
  --quiet         do not print what the cells print

The exit code is 1 if a cell failed; the cell and the error are then printed to stderr, and the outputs so far are written. It is 2 if the
notebook could not be run or written. It is 130 or 143 if Ctrl-C or SIGTERM ended the run; the outputs so far are written then too, and a
second signal ends the run at once.`,
  async run(args) {
    const { rest, parameters } = takeParameters(args, USAGE);
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
    });
  },
};
