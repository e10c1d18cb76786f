import { type Command, parseCommand } from 'nbserve/cli';
import { type InstallScope, installKernelspec, installTranslator } from '../install/index.js';

/** The options that name a kernelspec and its folder. */
export const PLACE_OPTIONS = {
  user: { type: 'boolean' },
  prefix: { type: 'string' },
  name: { type: 'string' },
} as const;
export const PLACE_HELP = `  --user          for this user (default)
  --prefix        below this folder, e.g. a virtual environment: <prefix>/share/jupyter
  --name          folder name of the kernelspec (default: nbserve)`;

const INSTALL_USAGE =
  'nbserve install [--user | --prefix <folder>] [--name <name>] [--display-name <text>] [--papermill <python>]';

export const installCommand: Command = {
  name: 'install',
  summary: 'register the kernel with Jupyter',
  help: `${INSTALL_USAGE}\n\n${PLACE_HELP}\n  --display-name  what Jupyter's launcher shows (default: TypeScript (nbserve))
  --papermill     also teach the papermill of this Python to set parameters in TypeScript (papermill -p); pip uninstall nbserve-papermill
                  undoes it`,
  async run(args) {
    const options = { ...PLACE_OPTIONS, 'display-name': { type: 'string' }, papermill: { type: 'string' } } as const;
    const { values } = parseCommand(INSTALL_USAGE, args, options, [0, 0]);
    const displayName = values['display-name'];
    const folder = installKernelspec({
      ...placeOf(values),
      ...(displayName === undefined ? {} : { displayName }),
    });
    console.log(`installed the kernel in ${folder}`);
    if (values.papermill !== undefined) console.log(`installed nbserve-papermill in ${installTranslator(values.papermill)}`);
    return 0;
  },
};

interface Values {
  readonly prefix?: string | undefined;
  readonly name?: string | undefined;
}

export function placeOf({ prefix, name }: Values): InstallScope & { name?: string } {
  const scope: InstallScope = prefix === undefined ? { user: true } : { prefix };
  return { ...scope, ...(name === undefined ? {} : { name }) };
}
