import { installKernelspec, type Scope, uninstallKernelspec } from '../install/index.js';
import { type Command, parseCommand } from './command.js';

const OPTIONS = {
  user: { type: 'boolean' },
  prefix: { type: 'string' },
  name: { type: 'string' },
  'display-name': { type: 'string' },
} as const;
const PLACE = `  --user          for this user (default)
  --prefix        below this folder, e.g. a virtual environment: <prefix>/share/jupyter
  --name          folder name of the kernelspec (default: nbserve)`;

const INSTALL_USAGE = 'nbserve install [--user | --prefix <folder>] [--name <name>] [--display-name <text>]';

export const installCommand: Command = {
  name: 'install',
  summary: 'make the kernel known to Jupyter',
  help: `${INSTALL_USAGE}\n\n${PLACE}\n  --display-name  what Jupyter's launcher shows (default: TypeScript (nbserve))`,
  async run(args) {
    const { values } = parseCommand(INSTALL_USAGE, args, OPTIONS, [0, 0]);
    const displayName = values['display-name'];
    const folder = installKernelspec({
      ...scopeOf(values),
      ...nameOf(values),
      ...(displayName === undefined ? {} : { displayName }),
    });
    console.log(`installed the kernel in ${folder}`);
    return 0;
  },
};

const UNINSTALL_USAGE = 'nbserve uninstall [--user | --prefix <folder>] [--name <name>]';

export const uninstallCommand: Command = {
  name: 'uninstall',
  summary: 'take the kernel out of Jupyter again',
  help: `${UNINSTALL_USAGE}\n\n${PLACE}`,
  async run(args) {
    const { values } = parseCommand(UNINSTALL_USAGE, args, OPTIONS, [0, 0]);
    const folder = uninstallKernelspec({ ...scopeOf(values), ...nameOf(values) });
    console.log(folder === undefined ? 'there was no kernel to remove' : `removed ${folder}`);
    return 0;
  },
};

interface Values {
  readonly prefix?: string | undefined;
  readonly name?: string | undefined;
}

const scopeOf = ({ prefix }: Values): Scope => (prefix === undefined ? { user: true } : { prefix });
const nameOf = ({ name }: Values): { name?: string } => (name === undefined ? {} : { name });
