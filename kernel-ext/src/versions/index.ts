import { accessSync, constants, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { typesEnv } from './env.js';
import { nodeTypesFile } from './node-types.js';

export { nodeTypesFile };

const own = createRequire(import.meta.url);

/** Which TypeScript checks the cells: version 7, or tslab's 5.0. */
export type TypesChoice = 'ts7' | 'tslab';

let doesNotStart = false;

/** TypeScript 7 if there is a binary of it for this platform, and if `NBSERVE_TYPES` is not `tslab`. */
export function typesChoice(): TypesChoice {
  return !doesNotStart && typesEnv() !== 'tslab' && typescriptProgram() !== undefined ? 'ts7' : 'tslab';
}

/** From now on, tslab's TypeScript checks the cells, because the binary does not start. */
export function useTslab(): void {
  doesNotStart = true;
}

let program: { readonly path?: string | undefined } | undefined;

/** Returns the path of TypeScript 7's program for this platform; undefined if there is none. */
export function typescriptProgram(): string | undefined {
  program ??= { path: findProgram() };
  return program.path;
}

/** @param platform such as `linux-x64` */
export function findProgram(platform = `${process.platform}-${process.arch}`): string | undefined {
  const name = `@typescript/typescript-${platform}`;
  try {
    // Resolved from the package of TypeScript 7, because the program is its dependency.
    const found = createRequire(own.resolve('typescript7/package.json')).resolve(`${name}/package.json`);
    const path = join(dirname(found), 'lib', process.platform === 'win32' ? 'tsc.exe' : 'tsc');
    accessSync(path, constants.X_OK);
    return path;
  } catch {
    return undefined;
  }
}

/** Version of an installed package, '' if it is not installed. */
function versionOf(specifier: string, from: NodeJS.Require = own): string {
  try {
    return versionIn(from.resolve(`${specifier}/package.json`));
  } catch {
    return '';
  }
}

const versionIn = (file: string): string => (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;

/** Version of the TypeScript that checks the cells. Loads nothing: it is read from the package's file. */
export function typescriptVersion(): string {
  if (typesChoice() === 'ts7') return versionOf('typescript7');
  return versionOf('@tslab/typescript-for-tslab', createRequire(own.resolve('tslab/package.json')));
}

/** What a kernel says about its language. Jupyter's runners write it into the notebooks that they execute. */
export interface LanguageInfo {
  readonly name: string;
  readonly version: string;
  readonly mimetype: string;
  readonly codemirror_mode: string;
  readonly pygments_lexer: string;
  readonly file_extension: string;
  readonly nbconvert_exporter: string;
}

export function languageInfo(): LanguageInfo {
  return {
    name: 'typescript',
    version: typescriptVersion(),
    // These three are what CodeMirror 6 (JupyterLab), CodeMirror 5 and Pygments (nbconvert) call the language.
    mimetype: 'application/typescript',
    codemirror_mode: 'typescript',
    pygments_lexer: 'typescript',
    file_extension: '.ts',
    nbconvert_exporter: 'script',
  };
}

/** The text that `%version` prints. */
export function versionText(): string {
  const nbserve = versionOf('nbserve');
  const converter = typesChoice() === 'ts7' ? '' : doesNotStart ? ' (of tslab; TypeScript 7 does not start)' : ' (of tslab)';
  const lines = [
    `nbserve     ${nbserve}`,
    `TypeScript  ${typescriptVersion()}${converter}`,
    // tslab's TypeScript cannot read newer ones.
    `Node types  ${typesChoice() === 'ts7' ? versionIn(nodeTypesFile()) : versionOf('@types/node')}`,
    `Node        ${process.versions.node}`,
  ];
  return `${lines.join('\n')}\n`;
}
