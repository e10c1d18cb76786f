import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import type { Loader, TransformOptions } from 'esbuild';
import type { CODE_ENDINGS } from 'nbserve/basics';
import { type Edit, edited, unmapped } from '../mapped-text.js';
import { isNode, parseCell, type SyntaxNode, walk } from '../syntax.js';
import { transformSync } from './compiler.js';

export const LOADERS: Readonly<Record<string, Loader>> = {
  '.ts': 'ts',
  '.tsx': 'tsx',
  '.mts': 'ts',
  '.cts': 'ts',
  '.js': 'jsx',
  '.jsx': 'jsx',
  '.mjs': 'js',
  '.cjs': 'js',
  '.json': 'json',
} satisfies Readonly<Record<(typeof CODE_ENDINGS)[number] | '.json', Loader>>;

export interface SideCode {
  /** A CommonJS module with its source map. If it awaits at its top level, it is a function expression instead. */
  readonly code: string;
  readonly awaits: boolean;
  readonly requires: readonly string[];
  /** True if it may give its exports new values. */
  readonly isLive: boolean;
}

/** Exports of variables, lists of exports, and exports of other files. */
const LIVE = /\bexport\s+(?:let|var)\b|\bexport\s*[*{]/;

const REQUIRED = /\b(?:require|import)\("([^"\n]+)"/g;
const MAP_COMMENT = '//# sourceMappingURL=';

/** This name is as long as the keyword `import`, so that positions stay the same. `module.nbs` holds this function and the value for `import.meta`. */
const IMPORT = 'nbsImp';
const HEAD = `const { ${IMPORT}, nbsMeta } = module.nbs; `;

/**
 * Makes a file beside the notebook runnable.
 * @param mayAwait whether it uses a file with a top-level `await`
 * @throws the error of esbuild if the file cannot be compiled
 */
export function compileSide(path: string, tsconfigRaw: TransformOptions['tsconfigRaw'], mayAwait: boolean): SideCode {
  // A line for the shell that would run the file is a comment only at the start of a file.
  const text = readFileSync(path, 'utf8').replace(/^#!/, '//');
  const isLive = LIVE.test(text);
  const options: TransformOptions = {
    loader: LOADERS[extname(path)] ?? 'ts',
    target: 'node20',
    sourcefile: path,
    sourcemap: 'inline',
    sourcesContent: false,
    logLevel: 'silent',
    // With this, esbuild calls a function of its own in functions, which does not exist if one is sent as text to a worker or a page. Classes with decorators
    // and default exports would lose their names without it.
    keepNames: /@|\bexport\s+default\b/.test(text),
    define: { 'import.meta': 'nbsMeta' },
    supported: { 'top-level-await': true },
    ...(tsconfigRaw === undefined ? {} : { tsconfigRaw }),
  };
  if (!mayAwait) {
    try {
      const { code } = transformSync(text, { ...options, format: 'cjs' });
      const strict = isStrict(path, text, code) ? STRICT : '';
      return { code: strict + HEAD + withImports(code), awaits: false, requires: specifiersIn(code), isLive };
    } catch (error) {
      if (!/top-level await/i.test(String(error))) throw error;
    }
  }
  const { code } = transformSync(text, { ...options, format: 'esm' });
  return { ...asyncModule(code), isLive };
}

const STRICT = "'use strict'; ";

/**
 * Whether the code is in strict mode, as it is in Node: TypeScript and ES modules are, and a CommonJS file that says so.
 * @param code what esbuild has made of `text`; it keeps the directive, but does not add one
 */
function isStrict(path: string, text: string, code: string): boolean {
  if (/\.(?:[cm]?tsx?|mjs)$/.test(path) || /^(?:"[^"\n]*";\n)*"use strict";/.test(code)) return true;
  const body = /\b(?:import|export)\b/.test(text) ? (parseCell(text)?.body as SyntaxNode[] | undefined) : undefined;
  return body?.some(({ type }) => /^(?:Import|Export)\w*Declaration$/.test(type)) === true;
}

const specifiersIn = (code: string): string[] => [...code.matchAll(REQUIRED)].flatMap(([, specifier]) => specifier ?? []);

/** Replaces `import(…)` by a call of the kernel, which knows the notebook's files. */
function withImports(code: string): string {
  if (!/\bimport\s*\(/.test(code)) return code;
  const program = parseCell(code);
  return program === undefined ? code : edited(unmapped(code), importCalls(program)).text;
}

function importCalls(program: SyntaxNode): Edit[] {
  const edits: Edit[] = [];
  walk(program, (node) => {
    if (node.type === 'Import' || node.type === 'ImportExpression')
      edits.push({ start: node.start, end: node.start + IMPORT.length, text: IMPORT });
    return undefined;
  });
  return edits;
}

const nameOf = (node: unknown): string => {
  const { name, value } = (node ?? {}) as { name?: string; value?: string };
  return name ?? value ?? '';
};

/** Makes an async function of a module that esbuild has written. Imports are awaited, and exports are getters that exist from the start. */
function asyncModule(js: string): Omit<SideCode, 'isLive'> {
  const comment = js.lastIndexOf(MAP_COMMENT);
  const module = js.slice(0, comment);
  const program = parseCell(module);
  if (program === undefined) throw new SyntaxError('esbuild wrote what cannot be parsed');
  const edits: Edit[] = importCalls(program);
  const getters: string[] = [];
  const requires = specifiersIn(module);
  const from = ({ source }: SyntaxNode): string => {
    requires.push(nameOf(source));
    return `await ${IMPORT}(${JSON.stringify(nameOf(source))}, { nbsStatic: true })`;
  };
  const exported = (name: unknown, value: string): void =>
    void getters.push(`get ${JSON.stringify(nameOf(name))}() { return ${value}; }`);
  let count = 0;
  for (const statement of program.body as SyntaxNode[]) {
    const specifiers = (statement.specifiers ?? []) as SyntaxNode[];
    let text: string | undefined;
    if (statement.type === 'ImportDeclaration') {
      text = importText(specifiers, from(statement), `nbs_${count++}`);
    } else if (statement.type === 'ExportAllDeclaration') {
      text = `module.nbs.star(${from(statement)});`;
    } else if (statement.type === 'ExportNamedDeclaration' && !isNode(statement.declaration)) {
      const space = isNode(statement.source) ? `nbs_${count++}` : undefined;
      text = space === undefined ? '' : `var ${space} = ${from(statement)};`;
      for (const { type, local, exported: name } of specifiers) {
        if (space === undefined) exported(name, nameOf(local));
        else exported(name, type === 'ExportNamespaceSpecifier' ? space : `${space}[${JSON.stringify(nameOf(local))}]`);
      }
    }
    if (text !== undefined) edits.push({ start: statement.start, end: statement.end, text });
  }
  const head = `(async function (exports, require, module, __filename, __dirname) { ${STRICT}${HEAD}module.nbs.exported({ ${getters.join(', ')} }); `;
  const code = `${head}${edited(unmapped(module), edits).text}\n})\n${js.slice(comment)}`;
  return { code, awaits: true, requires };
}

function importText(specifiers: readonly SyntaxNode[], module: string, space: string): string {
  if (specifiers.length === 0) return `${module};`;
  const named = specifiers
    .filter(({ type }) => type !== 'ImportNamespaceSpecifier')
    .map(
      ({ type, imported, local }) =>
        `${JSON.stringify(type === 'ImportDefaultSpecifier' ? 'default' : nameOf(imported))}: ${nameOf(local)}`,
    );
  const all = specifiers
    .filter(({ type }) => type === 'ImportNamespaceSpecifier')
    .map(({ local }) => `, ${nameOf(local)} = ${space}`);
  return `const ${space} = ${module}${named.length === 0 ? '' : `, { ${named.join(', ')} } = ${space}`}${all.join('')};`;
}
