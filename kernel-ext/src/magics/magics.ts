import type { MagicContext } from './context.js';
import { BadTypesCommand, UnknownMagic, withoutStack } from './errors.js';
import { serveMagic } from './serve-magic.js';
import { runShell } from './shell.js';
import type { CellMagic, Magic } from './split-cell.js';
import { filled, withVariables } from './values.js';

type Run = (args: string, context: MagicContext) => Promise<void> | void;

const LINE_MAGICS: Readonly<Record<string, { readonly help: string; readonly run: Run }>> = {
  serve: { help: "status | list | delete <app> | shutdown: this notebook's cluster", run: serveMagic },
  time: { help: 'how long the statement behind it takes', run: () => {} },
  timeit: { help: 'how long the code behind it takes, in the mean of many runs: -n <loops>, -r <runs>', run: () => {} },
  pwd: { help: "the notebook's folder", run: (_args, { folder, output }) => output.stream('stdout', `${folder}\n`) },
  version: {
    help: 'versions of nbserve, of the TypeScript that checks the cells, and of Node',
    run: (_args, { output, versions }) => output.stream('stdout', versions()),
  },
  types: {
    help: 'off | on: whether the types of cells are checked from now on',
    run: (args, { checkTypes }) => {
      if (args !== 'on' && args !== 'off') throw withoutStack(BadTypesCommand({ given: args }));
      checkTypes(args === 'on');
    },
  },
  lsmagic: { help: 'this list', run: (_args, { output }) => output.stream('stdout', `${magicHelp()}\n`) },
};

const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');

const CELL_MAGICS: Readonly<
  Record<string, { readonly help: string; readonly run: (cell: CellMagic, context: MagicContext) => Promise<void> | void }>
> = {
  bash: {
    help: 'runs the cell in bash',
    run: ({ args, body }, context) => runShell(body, context, { shell: 'bash', options: words(args) }),
  },
  sh: { help: 'runs the cell in sh', run: ({ args, body }, context) => runShell(body, context, { options: words(args) }) },
  html: {
    help: 'shows the cell as HTML',
    run: ({ body }, { output }) => output.display({ data: { 'text/html': body }, metadata: {} }),
  },
  markdown: {
    help: 'shows the cell as Markdown',
    run: ({ body }, { output }) => output.display({ data: { 'text/markdown': body }, metadata: {} }),
  },
};

/** Every magic as it is typed, and `!`. */
const MAGIC_NAMES: readonly string[] = [
  '!command',
  ...Object.keys(LINE_MAGICS).map((name) => `%${name}`),
  '%%time',
  '%%timeit',
  ...Object.keys(CELL_MAGICS).map((name) => `%%${name}`),
];

const unknown = (name: string): Error => withoutStack(UnknownMagic({ name, valid: MAGIC_NAMES.join(', ') }));

/**
 * Runs a `!command` or `%magic` line.
 * @param values those that stand in the line
 * @throws NBS_UNKNOWN_MAGIC names the known ones; NBS_COMMAND_FAILED
 */
export async function runMagic(
  { kind, name, pieces }: Magic,
  context: MagicContext,
  values: readonly unknown[] = [],
): Promise<void> {
  if (kind === 'shell') {
    const { command, env } = withVariables(pieces, values);
    return runShell(command, context, { env });
  }
  const magic = Object.hasOwn(LINE_MAGICS, name) ? LINE_MAGICS[name] : undefined;
  if (magic === undefined) throw unknown(`%${name}`);
  await magic.run(filled(pieces, values), context);
}

/** Runs a command and returns the lines that it prints to stdout. @throws NBS_COMMAND_FAILED */
export async function shellLines({ pieces }: Magic, context: MagicContext, values: readonly unknown[] = []): Promise<string[]> {
  let printed = '';
  const output: MagicContext['output'] = {
    stream: (name, text) => {
      if (name === 'stdout') printed += text;
      else context.output.stream(name, text);
    },
    display: (bundle) => context.output.display(bundle),
  };
  const { command, env } = withVariables(pieces, values);
  await runShell(command, { ...context, output }, { env });
  const lines = printed.split(/\r?\n/);
  // What a background process prints later is not waited for.
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** Whether there is a magic with this name. */
export const isMagic = (name: string): boolean => Object.hasOwn(LINE_MAGICS, name);

/** Runs a cell that begins with `%%`. @throws NBS_UNKNOWN_MAGIC names the known ones; NBS_COMMAND_FAILED */
export async function runCellMagic(cell: CellMagic, context: MagicContext): Promise<void> {
  const magic = Object.hasOwn(CELL_MAGICS, cell.name) ? CELL_MAGICS[cell.name] : undefined;
  if (magic === undefined) throw unknown(`%%${cell.name}`);
  await magic.run(cell, context);
}

/** The completions for a line that begins with `%`. */
export function completeMagic(line: string): string[] {
  const commands = ['%serve status', '%serve list', '%serve delete ', '%serve shutdown', '%types off', '%types on'];
  return [...MAGIC_NAMES.filter((name) => name.startsWith('%')), ...commands].filter((name) => name.startsWith(line));
}

function magicHelp(): string {
  const lines = ["!command           runs a shell command in the notebook's folder"];
  for (const [name, { help }] of Object.entries(LINE_MAGICS)) lines.push(`%${name.padEnd(17)} ${help}`);
  lines.push(`%%${'time'.padEnd(16)} how long the cell takes`);
  for (const [name, { help }] of Object.entries(CELL_MAGICS)) lines.push(`%%${name.padEnd(16)} ${help}`);
  return lines.join('\n');
}
