import { basename, dirname } from 'node:path';
import { type CompilerOptions, childrenOf, type Node } from '../code/index.js';
import { NothingToBuild } from './errors.js';
import { findRuns } from './find-runs.js';
import { jsxComments } from './jsx-comments.js';
import { type ModulePlan, planModules, sourceOf, statementsIn, type TextOptions, textOf } from './module-text.js';
import { isMissing, NOTEBOOK_IMPORTS, NOTEBOOK_ONLY } from './notebook-names.js';
import { type Slice, sliceOf } from './slice.js';
import { type CellText, type Statement, statementsOf } from './statement.js';

/** A line of a cell that is no TypeScript, such as `!npm install x` or `%serve status`. */
export interface LeftOutLine {
  readonly cell: number;
  readonly text: string;
}

export interface NotebookSource {
  /** Absolute path. */
  readonly file: string;
  readonly cells: readonly CellText[];
  readonly magics: readonly LeftOutLine[];
  /** What the notebook's `tsconfig.json` says about JSX. Default: its functions come from `react/jsx-runtime`. */
  readonly compilerOptions?: CompilerOptions;
}

export interface BuiltModule {
  /** Absolute path. */
  readonly file: string;
  readonly text: string;
}

export interface BuiltNotebook {
  readonly modules: readonly BuiltModule[];
  /** `module` is the path of its file, and `export` the name there. */
  readonly applications: readonly {
    readonly name: string;
    readonly routePrefix: string | null;
    readonly module: string;
    readonly export: string;
  }[];
  /** The options of `serve.start`. */
  readonly cluster: Readonly<Record<string, unknown>>;
  /** What the module does not contain: `cell 9: !curl …`. */
  readonly leftOut: readonly string[];
  /** What the user should know. */
  readonly notes: readonly string[];
}

/**
 * Makes modules from a notebook that runs applications: each contains what the applications need, and nothing else of the notebook.
 * @param moduleFile absolute path of the n-th module, from 0, which ends with `.ts`; that of a module with JSX gets an `x` behind it
 * @throws NBS_NOTHING_TO_BUILD, NBS_CANNOT_BUILD
 */
export function buildNotebook(
  { file, cells, magics, compilerOptions = {} }: NotebookSource,
  moduleFile: (n: number) => string,
): BuiltNotebook {
  const { statements, unread } = statementsOf(cells, compilerOptions);
  const { apps, cluster, notes: found } = findRuns(statements);
  const notes = [...unread.map((cell) => `cell ${cell} cannot be read as TypeScript, and is left out`), ...found];
  if (apps.length === 0) throw NothingToBuild({ file: basename(file), notes: notes.length === 0 ? '' : `; ${notes.join('; ')}` });
  const slices = apps.map((app) => sliceOf(app, statements, basename(file)));
  const plans = planModules(slices);
  const kept = new Set<Statement>();
  const applications: BuiltNotebook['applications'][number][] = [];
  const modules = plans.map((plan, n): BuiltModule => {
    const exported = exportNames(plan);
    const inModule = statementsIn(plan, statements);
    const inText = [...inModule, ...plan.slices.map(({ app }) => app.statement)];
    const jsx = jsxComments(inText, compilerOptions, basename(file));
    const module = `${moduleFile(n)}${jsx === '' ? '' : 'x'}`;
    for (const statement of inModule) kept.add(statement);
    for (const [i, { app }] of plan.slices.entries())
      applications.push({ name: app.name, routePrefix: app.routePrefix, module, export: exported[i] as string });
    return { file: module, text: moduleText(plan, inModule, exported, magics, { notebook: file, module, jsx }) };
  });
  const order = (name: string): number => apps.findIndex((app) => app.name === name);
  notes.push(...missingIn(slices, magics), ...environmentIn(magics));
  for (const { notes: own } of slices) notes.push(...own);
  const folder = dirname(moduleFile(0));
  if (folder !== dirname(file)) {
    notes.push(...pathsIn(kept, folder));
    if ('grpc' in cluster || 'https' in cluster) notes.push(`the files that cluster names are looked for in ${folder}`);
  }
  return {
    modules,
    cluster,
    applications: applications.sort((a, b) => order(a.name) - order(b.name)),
    leftOut: leftOutOf(statements, kept, magics),
    notes: [...new Set(notes)],
  };
}

function moduleText(
  plan: ModulePlan,
  statements: readonly Statement[],
  exported: readonly string[],
  magics: readonly LeftOutLine[],
  options: TextOptions,
): string {
  const free = new Set(plan.slices.flatMap((slice) => [...slice.free.keys()]));
  const imports = Object.entries(NOTEBOOK_IMPORTS).filter(([name]) => free.has(name));
  const blocks = [
    `// Made by \`nbserve build ${basename(options.notebook)}\`. Build it again after a change of the notebook, and do not change this file.`,
    options.jsx,
    imports.map(([name, from]) => `import { ${name} } from '${from}';`).join('\n'),
  ];
  let cell = 0;
  const comments = [...magics];
  for (const statement of statements) {
    const lines: string[] = [];
    if (statement.cell !== cell) {
      cell = statement.cell;
      while (comments[0] !== undefined && comments[0].cell <= cell) lines.push(commentOf(comments.shift() as LeftOutLine));
      lines.push(`// Cell ${cell}`);
    }
    blocks.push([...lines, textOf(statement, plan, options)].join('\n'));
  }
  if (comments.length > 0) blocks.push(comments.map(commentOf).join('\n'));
  for (const [i, { app }] of plan.slices.entries()) {
    const { expression, statement, suffix } = app;
    blocks.push(`export const ${exported[i]} = ${sourceOf(statement, expression, options)}${suffix};`);
  }
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`;
}

const commentOf = ({ cell, text }: LeftOutLine): string => `// Cell ${cell}, left out: ${text}`;

/** A name for each application that no declaration of the module has. */
function exportNames({ slices, values, types }: ModulePlan): readonly string[] {
  const taken = new Set([...values.keys(), ...types.keys(), ...slices.flatMap(({ free }) => [...free.keys()])]);
  return slices.map(({ app }) => {
    const word = app.name.replaceAll(/[^\p{ID_Continue}]+(.)?/gu, (_, next: string | undefined) => (next ?? '').toUpperCase());
    let name = `${/^\p{ID_Start}/u.test(word) ? word : `_${word}`}App`;
    while (taken.has(name)) name += '_';
    taken.add(name);
    return name;
  });
}

/** Notes about the names that the module uses and does not have. */
function missingIn(slices: readonly Slice[], magics: readonly LeftOutLine[]): string[] {
  const runs = magics.filter(({ text }) => /^%run\s/.test(text)).map(({ cell, text }) => `${text.trim()} of cell ${cell}`);
  const hint = runs.length === 0 ? '' : `; if it is from ${runs.join(' or ')}, import the file instead`;
  return slices
    .flatMap(({ free }) => [...free])
    .filter(([name]) => isMissing(name))
    .map(([name, cell]) => {
      if (NOTEBOOK_ONLY.has(name))
        return `cell ${cell} uses ${name}, which exists only in a notebook, and the module does not have it`;
      const makes = magics.find(
        ({ text }) => text.startsWith(`%%capture ${name}`) || new RegExp(`^\\s*\\W*${escaped(name)}\\s*=\\s*[!%]`).test(text),
      );
      const from =
        makes === undefined ? `, which no cell declares${hint}` : `, which cell ${makes.cell} makes with a line that is left out`;
      return `cell ${cell} uses ${name}${from}`;
    });
}

const escaped = (name: string): string => name.replaceAll('$', '\\$');

/** Notes about the magics that set a variable of the environment. */
const environmentIn = (magics: readonly LeftOutLine[]): string[] =>
  magics
    .filter(({ text }) => /^%(set_)?env\s+\w+[\s=]+\S/.test(text))
    .map(({ cell, text }) => `cell ${cell}: ${text.trim()} is left out; set it in env of the application or the deployment`);

/** Notes about the texts that may be paths of files, because the module is in another folder than the notebook. */
function pathsIn(statements: Iterable<Statement>, folder: string): string[] {
  const notes: string[] = [];
  const visit = (node: Node, cell: number): void => {
    if (node.type === 'ImportDeclaration' || node.type === 'TSImportType') return;
    const isImport = node.type === 'CallExpression' && (node.callee as Node).type === 'Import';
    if (node.type === 'StringLiteral' && /^\.\.?\//.test(String(node.value)))
      notes.push(`cell ${cell} names ${JSON.stringify(node.value)}, which is looked for in ${folder} if it is a file`);
    for (const child of isImport ? [] : childrenOf(node)) visit(child, cell);
  };
  for (const { cell, node } of statements) visit(node, cell);
  return notes;
}

const LONGEST_LINE = 80;

function leftOutOf(
  statements: readonly Statement[],
  kept: ReadonlySet<Statement>,
  magics: readonly LeftOutLine[],
): readonly string[] {
  const lines = statements
    .filter((statement) => !kept.has(statement))
    .map(({ cell, source, node }) => {
      const [first = '', ...more] = source.slice(node.start, node.end).split('\n');
      return { cell, text: more.length > 0 || first.length > LONGEST_LINE ? `${first.slice(0, LONGEST_LINE)} …` : first };
    });
  return [...lines, ...magics].sort((a, b) => a.cell - b.cell).map(({ cell, text }) => `cell ${cell}: ${text}`);
}
