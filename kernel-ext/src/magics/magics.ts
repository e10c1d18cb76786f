import type { MagicContext } from './context.js';
import { AboveCode, BadCapture, BadTypesCommand, NoHelp, NotFirst, UnknownMagic, withoutStack } from './errors.js';
import { changeFolder, environment, history, listNames, load, reset, writeFile } from './notebook-magics.js';
import { type OwnMagicContext, ownMagics, setBuiltIn } from './registry.js';
import { serveMagic } from './serve-magic.js';
import { runShell } from './shell.js';
import type { CellMagic, Magic } from './split-cell.js';
import { filled, withVariables } from './values.js';

interface Table<Run> {
  readonly [name: string]: {
    /** What stands behind the name. */
    readonly usage?: string;
    readonly help: string;
    /** A program that is run by the shell with the line behind it. As in `!` lines, values are variables there. */
    readonly program?: string;
    readonly run: Run;
  };
}

type Run = (args: string, context: MagicContext) => Promise<void> | void;

/** The code of a cell calls some of them in another way. */
const elsewhere = (): void => {};

const LINE_MAGICS: Table<Run> = {
  serve: { usage: 'status | list | delete <app> | shutdown', help: "this notebook's cluster", run: serveMagic },
  time: { usage: 'statement', help: 'how long the statement takes', run: elsewhere },
  timeit: {
    usage: '-n <loops> -r <runs> code',
    help: 'how long the code takes, in the mean of many runs',
    run: elsewhere,
  },
  npm: {
    usage: 'install <package>',
    help: 'npm in the folder of commands',
    program: 'npm',
    run: elsewhere,
  },
  cd: {
    usage: '<folder> | -',
    help: 'changes the folder of commands and of the process, or back to the last one; imports stay those of the notebook',
    run: changeFolder,
  },
  pwd: { help: 'the folder of commands', run: (_args, { folder, output }) => output.stream('stdout', `${folder}\n`) },
  env: {
    usage: 'NAME=value',
    help: 'sets a variable of the environment; without a value it prints one or all',
    run: environment,
  },
  who: {
    usage: '<kind>',
    help: "the notebook's names, all or of one kind",
    run: (args, context) => listNames(args, context, false),
  },
  whos: {
    usage: '<kind>',
    help: "the notebook's names, with their kinds and values",
    run: (args, context) => listNames(args, context, true),
  },
  reset: { help: 'forgets all names and results', run: reset },
  history: {
    usage: '-n -l <count> -g <text> 3-5',
    help: 'the cells that ran: with numbers, the last, those with a text, those of a range',
    run: history,
  },
  run: {
    usage: '<file>',
    help: 'runs a file of TypeScript, or the cells of a notebook, as if they stood here',
    run: () => {
      throw withoutStack(AboveCode({ magic: '%run' }));
    },
  },
  load: { usage: '<file>', help: 'puts the text of a file into the next cell', run: load },
  types: {
    usage: 'off | on',
    help: 'whether the types of cells are checked from now on',
    run: (args, { checkTypes }) => {
      if (args !== 'on' && args !== 'off') throw withoutStack(BadTypesCommand({ given: args }));
      checkTypes(args === 'on');
    },
  },
  version: {
    help: 'versions of nbserve, of the TypeScript that checks the cells, of the types of Node that it uses, and of Node',
    run: (_args, { output, versions }) => output.stream('stdout', versions()),
  },
  lsmagic: { help: 'this list', run: (_args, { output }) => output.stream('stdout', `${magicHelp()}\n`) },
};

const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');

const shows =
  (type: string) =>
  ({ body }: CellMagic, { output }: MagicContext): void =>
    output.display({ data: { [type]: body }, metadata: {} });

const CELL_MAGICS: Table<(cell: CellMagic, context: MagicContext) => Promise<void> | void> = {
  time: { help: 'how long the cell takes', run: elsewhere },
  timeit: {
    usage: '-n <loops> -r <runs> setup',
    help: 'how long the cell takes, in the mean of many runs; the line runs once',
    run: elsewhere,
  },
  capture: { usage: '<name>', help: 'runs the cell and keeps what it prints and displays in the name', run: elsewhere },
  bash: {
    usage: '-e',
    help: "runs the cell in bash, with bash's options",
    run: ({ args, body }, context) => runShell(body, context, { shell: 'bash', options: words(args), name: '%%bash' }),
  },
  sh: {
    help: 'runs the cell in sh',
    run: ({ args, body }, context) => runShell(body, context, { options: words(args), name: '%%sh' }),
  },
  writefile: {
    usage: '-a <file>',
    help: 'writes the cell to a file, or adds it',
    run: ({ args, body }, context) => writeFile(args, body, context),
  },
  html: { help: 'shows the cell as HTML', run: shows('text/html') },
  markdown: { help: 'shows the cell as Markdown', run: shows('text/markdown') },
  latex: { help: 'shows the cell as LaTeX', run: shows('text/latex') },
  svg: { help: 'shows the cell as a picture in SVG', run: shows('image/svg+xml') },
};

const hasOwn = (name: string): boolean => Object.hasOwn(LINE_MAGICS, name) || Object.hasOwn(CELL_MAGICS, name);
setBuiltIn(hasOwn);

/** Each magic as it is typed, and its help. @public */
export function magicTable(): readonly (readonly [usage: string, help: string])[] {
  const rows: (readonly [string, string])[] = [
    ['!command', "runs a shell command in the notebook's folder"],
    ['name = !command', 'the lines that the command prints'],
    ['name?', 'the type and the documentation of the name; of a magic, what it does'],
  ];
  for (const [name, { usage, help }] of Object.entries(LINE_MAGICS)) rows.push([`%${name} ${usage ?? ''}`.trim(), help]);
  for (const [name, { usage, help }] of Object.entries(CELL_MAGICS)) rows.push([`%%${name} ${usage ?? ''}`.trim(), help]);
  for (const [name, { help = '', line, cell }] of ownMagics()) {
    if (line !== undefined) rows.push([`%${name}`, help]);
    if (cell !== undefined) rows.push([`%%${name}`, help]);
  }
  return rows;
}

const names = (): string[] => magicTable().map(([usage]) => /^(?:name = )?\S+/.exec(usage)?.[0] ?? '');

const unknown = (name: string): Error => withoutStack(UnknownMagic({ name, valid: names().join(', ') }));

/** Whether there is a magic for a line with this name. */
export const isMagic = (name: string): boolean => Object.hasOwn(LINE_MAGICS, name) || ownMagics().get(name)?.line !== undefined;

const isCellMagic = (name: string): boolean => Object.hasOwn(CELL_MAGICS, name) || ownMagics().get(name)?.cell !== undefined;

/**
 * Runs a `!command` or `%magic` line.
 * @param values those that stand in the line
 * @throws NBS_UNKNOWN_MAGIC names the known ones; NBS_CELL_MAGIC_BELOW; NBS_COMMAND_FAILED
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
  const args = filled(pieces, values);
  if (kind === 'help') {
    const help = args.startsWith('%') ? helpOf(args) : context.notebook.help(args);
    if (help === undefined) throw withoutStack(NoHelp({ name: args }));
    return context.output.display(help);
  }
  const magic = Object.hasOwn(LINE_MAGICS, name) ? LINE_MAGICS[name] : undefined;
  if (magic?.program !== undefined) {
    const { command, env } = withVariables(pieces, values);
    return runShell(`${magic.program} ${command}`, context, { env, name: `%${name} ${args}` });
  }
  if (magic !== undefined) return magic.run(args, context);
  const own = ownMagics().get(name);
  // With one name or none behind it, it would be an edit of the cell.
  if (name === '%capture') throw withoutStack(BadCapture({ given: args }));
  if (name.startsWith('%') && isCellMagic(name.slice(1))) throw withoutStack(NotFirst({ magic: `%${name}` }));
  if (own?.line === undefined) throw unknown(`%${name}`);
  await shown(own.line(args, ownContext(context)), context);
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

/** Runs a cell that begins with `%%`. @throws NBS_UNKNOWN_MAGIC names the known ones; NBS_COMMAND_FAILED */
export async function runCellMagic(cell: CellMagic, context: MagicContext): Promise<void> {
  const magic = Object.hasOwn(CELL_MAGICS, cell.name) ? CELL_MAGICS[cell.name] : undefined;
  if (magic !== undefined) return magic.run(cell, context);
  const own = ownMagics().get(cell.name);
  if (own?.cell === undefined) throw unknown(`%%${cell.name}`);
  await shown(own.cell(cell.args, cell.body, ownContext(context)), context);
}

const ownContext = ({ folder, signal, output }: MagicContext): OwnMagicContext => ({
  folder,
  signal,
  print: (text) => output.stream('stdout', `${text}\n`),
});

async function shown(value: unknown, { notebook }: MagicContext): Promise<void> {
  const awaited = await value;
  if (awaited !== undefined) await notebook.show(awaited);
}

/** The completions for a line that begins with `%`. */
export function completeMagic(line: string): string[] {
  const commands = [
    '%serve status',
    '%serve list',
    '%serve delete ',
    '%serve shutdown',
    '%types off',
    '%types on',
    '%npm install ',
  ];
  return [...names().filter((name) => name.startsWith('%')), ...commands].filter((name) => name.startsWith(line));
}

const helpLine = ([usage, help]: readonly [usage: string, help: string]): string => `${usage.padEnd(46)} ${help}`;

const magicHelp = (): string => magicTable().map(helpLine).join('\n');

/** What `%lsmagic` says of one magic. */
function helpOf(name: string): ReturnType<MagicContext['notebook']['help']> {
  const row = magicTable().find(([usage]) => usage.split(' ')[0] === name);
  return row === undefined ? undefined : { data: { 'text/plain': helpLine(row) }, metadata: {} };
}
