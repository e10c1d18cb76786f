import { basename, dirname, join, relative, resolve } from 'node:path';
import { type Command, checkOutput, parseCommand, shownPath, writeOutput } from 'nbserve/cli';
import type { CellText, LeftOutLine, NotebookSource } from 'nbserve/host';
import { type Grammar, splitCell } from '../magics/index.js';
import { later, readNotebook } from '../runner/index.js';

const USAGE = 'nbserve build <notebook.ipynb> [--output <config.yaml>] [--force]';

/** The part of `nbserve build` that reads notebooks. The command itself, with its help, is in nbserve. */
export const buildCommand: Command = {
  name: 'build',
  summary: 'make a module and a configuration from a notebook',
  help: USAGE,
  async run(args) {
    const options = { output: { type: 'string' }, force: { type: 'boolean' } } as const;
    const { values, positionals } = parseCommand(USAGE, args, options, [1, 1]);
    const { buildNotebook, formatConfig } = later.host();
    const notebook = resolve(positionals[0] as string);
    const stem = basename(notebook, '.ipynb');
    const config = resolve(values.output ?? join(dirname(notebook), `${stem}.yaml`));
    const folder = dirname(config);
    const built = buildNotebook(await sourceOf(notebook), (n) => join(folder, `${stem}.app${n === 0 ? '' : `-${n + 1}`}.ts`));
    const applications = built.applications.map((app) => ({
      name: app.name,
      routePrefix: app.routePrefix,
      importPath: `${relative(folder, app.module)}:${app.export}`,
    }));
    const files = [...built.modules, { file: config, text: await formatConfig(applications, built.cluster) }];
    for (const { file } of files) await checkOutput(file, values.force === true);
    for (const { file, text } of files) await writeOutput(file, text);
    for (const { name, routePrefix } of applications) console.log(`application ${name} at ${routePrefix ?? 'no route'}`);
    if (built.leftOut.length > 0) console.log(`left out:\n${built.leftOut.map((line) => `  ${line}`).join('\n')}`);
    for (const note of built.notes) console.log(`note: ${note}`);
    for (const { file } of files) console.log(`wrote ${shownPath(file)}`);
    return 0;
  },
};

/** The cells of a notebook with their numbers, and the lines in them that are not TypeScript. */
async function sourceOf(file: string): Promise<NotebookSource> {
  const { cells } = await readNotebook(file);
  const texts: CellText[] = [];
  const magics: LeftOutLine[] = [];
  const names = new Set<string>();
  const grammar = later.session().magicGrammar((name) => names.has(name));
  for (const [i, { cell_type: type, source: lines, metadata }] of cells.entries()) {
    if (type !== 'code' || metadata.tags?.includes('skip-execution') === true) continue;
    const number = i + 1;
    const { source, left } = typescriptOf(typeof lines === 'string' ? lines : lines.join(''), grammar);
    for (const { name, from } of grammar.declared(source) ?? []) if (from < 0) names.add(name);
    texts.push({ number, source });
    for (const text of left) magics.push({ cell: number, text });
  }
  return { file, cells: texts, magics, compilerOptions: later.session().compilerOptionsOf(dirname(file)) };
}

/**
 * The cell with its magics replaced by spaces, so that positions stay, and their lines. `%time` in front of a statement is removed from it.
 * @param grammar knows the names of the cells before it
 */
function typescriptOf(source: string, grammar: Grammar): { readonly source: string; readonly left: readonly string[] } {
  const { cellMagic, leading, inner, edits } = splitCell(source, grammar);
  if (cellMagic !== undefined) return { source: '', left: [`%%${cellMagic.name} ${cellMagic.args}`.trim()] };
  const lines = source.split('\n');
  const left: string[] = [];
  for (const { line, start, end } of [...leading, ...inner]) {
    const count = source.slice(start, end).split('\n').length;
    const own = lines.slice(line, line + count);
    left.push(...own);
    lines.splice(line, count, ...own.map((text) => ' '.repeat(text.length)));
  }
  let start = 0;
  for (const [i, line] of lines.entries()) {
    // An edit that is no magic begins a line of `%time`, `%timeit` or `%%capture`.
    if (edits.some((edit) => edit.start === start)) {
      // What is measured runs many times, in a function of its own.
      if (/^%%timeit\b/.test(line)) return { source: '', left: [`${line} and its cell`] };
      if (/^%(timeit|%capture)\b/.test(line)) {
        left.push(line);
        lines[i] = ' '.repeat(line.length);
      } else lines[i] = line.replace(/^%%?time\s*/, (text) => ' '.repeat(text.length));
    }
    start += line.length + 1;
  }
  return { source: lines.join('\n'), left };
}
