import { hasCode, KeepAlive } from '../core/index.js';
import { BadUsage, type Command } from './command.js';
import { UnknownCommand } from './errors.js';
import { kernelCommand, whyNot } from './kernel-command.js';
import { allowGoneReaders } from './output-gone.js';
import { showError } from './show-error.js';

type Loader = () => Promise<Command>;

/** The commands of this package. Each is loaded when it is called. */
const OWN: Readonly<Record<string, Loader>> = {
  start: async () => (await import('./start-command.js')).startCommand,
  stop: async () => (await import('./stop-command.js')).stopCommand,
  serve: async () => (await import('./serve-command.js')).serveCommand,
  run: async () => (await import('./run-command.js')).runCommand,
  deploy: async () => (await import('./deploy-command.js')).deployCommand,
  build: async () => (await import('./build-command.js')).buildCommand,
  config: async () => (await import('./config-command.js')).configCommand,
  status: async () => (await import('./status-command.js')).statusCommand,
  delete: async () => (await import('./delete-command.js')).deleteCommand,
  traffic: async () => (await import('./traffic-command.js')).trafficCommand,
  canary: async () => (await import('./canary-command.js')).canaryCommand,
  node: async () => (await import('./node-command.js')).nodeCommand,
  token: async () => (await import('./token-command.js')).tokenCommand,
  logs: async () => (await import('./logs-command.js')).logsCommand,
  doctor: async () => (await import('./doctor-command.js')).doctorCommand,
  setup: async () => (await import('./setup-command.js')).setupCommand,
  assets: async () => (await import('./assets-command.js')).assetsCommand,
};

/** The commands of the package `nbserve-kernel`. */
const KERNEL_COMMANDS = ['execute', 'test', 'lessons', 'install', 'uninstall', 'lab'] as const;

async function help(): Promise<string> {
  const lines = ['nbserve <command> [options]      nbserve <command> --help tells more', ''];
  for (const load of Object.values(OWN)) lines.push(line(await load()));
  for (const name of KERNEL_COMMANDS)
    lines.push(line(await kernelCommand(name).catch((error: unknown) => ({ name, summary: whyNot(error) }))));
  return `${lines.join('\n')}\n`;
}

const line = ({ name, summary }: Pick<Command, 'name' | 'summary'>): string => `  ${name.padEnd(10)} ${summary}`;

async function main([name, ...args]: readonly string[]): Promise<number> {
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(await help());
    return name === undefined ? 2 : 0;
  }
  if (name === '--version') {
    const { version } = (await import('../../package.json', { with: { type: 'json' } })).default;
    console.log(version);
    return 0;
  }
  const own = Object.hasOwn(OWN, name) ? OWN[name] : undefined;
  const isKernels = (KERNEL_COMMANDS as readonly string[]).includes(name);
  if (own === undefined && !isKernels) {
    throw UnknownCommand({ command: name, valid: [...Object.keys(OWN), ...KERNEL_COMMANDS].join(', ') });
  }
  const command = own === undefined ? await kernelCommand(name) : await own();
  if (args.includes('--help') || args.includes('-h')) {
    console.log(command.help);
    return 0;
  }
  return command.run(args);
}

allowGoneReaders();

// Connections to a cluster do not keep a process alive. Without this, a command that waits for an answer could end, as if it had succeeded.
new KeepAlive()
  .during(() => main(process.argv.slice(2)))
  .then(
    (code) => {
      process.exitCode = code;
    },
    (error: unknown) => {
      console.error(showError(error));
      process.exitCode = hasCode(error, BadUsage) || hasCode(error, UnknownCommand) ? 2 : 1;
    },
  );
