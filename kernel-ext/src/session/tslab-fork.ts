import { createRequire } from 'node:module';
import type ts from 'typescript';
import { loadCached } from './compile-cache.js';

/** The members of tslab's TypeScript that are used beyond its public API. */
export type Fork = typeof ts & {
  bindSourceFile(file: ts.SourceFile, options: ts.CompilerOptions): void;
};

/** What tslab calls; the converter in use answers. */
export interface ForkHooks {
  readonly folder: string;
  watchFile(path: string, changed: ts.FileWatcherCallback): ts.FileWatcher;
  watchDirectory(path: string, changed: ts.DirectoryWatcherCallback): ts.FileWatcher;
  createWatchCompilerHost(roots: string[], options: ts.CompilerOptions, sys: ts.System): unknown;
  diagnostics(program: ts.Program, files: readonly ts.SourceFile[]): readonly ts.Diagnostic[];
}

/** tslab's own converter, as `tslab/dist/converter.js` exports it. */
export interface TslabConverter {
  convert(
    previous: string,
    source: string,
  ): {
    output?: string;
    declOutput?: string;
    diagnostics: unknown[];
    sideOutputs?: { path: string; data: string }[];
    lastExpressionVar?: string;
  };
  complete(
    previous: string,
    source: string,
    position: number,
  ): {
    start: number;
    end: number;
    candidates: string[];
    /** What TypeScript said, before tslab chose from it. */
    original?: ts.CompletionInfo | null;
  };
  inspect(previous: string, source: string, position: number): ts.QuickInfo | undefined;
  close(): void;
}

let current: ForkHooks | undefined;
interface LoadedTslab {
  readonly fork: Fork;
  readonly createConverter: (options: object) => TslabConverter;
  readonly typeRoots: string[];
  /** Keeps TypeScript's compiled code for the next process. */
  readonly saveCache: () => void;
}

let loaded: LoadedTslab | undefined;

/** Runs `work` with `hooks` as the ones that tslab meets. */
export function withHooks<T>(hooks: ForkHooks, work: () => T): T {
  const before = current;
  current = hooks;
  try {
    return work();
  } finally {
    current = before;
  }
}

/** Keeps TypeScript's compiled code for the next process, if it was loaded. */
export function saveCompileCache(): void {
  loaded?.saveCache();
}

function hooks(): ForkHooks {
  if (current === undefined) throw new Error('tslab was called outside of a converter');
  return current;
}

/**
 * Loads tslab's converter on a TypeScript whose compiler options can be changed: tslab fixes them in `createWatchCompilerHost`, so that function (and a few
 * beside it) is exchanged in the module cache before tslab loads. Only tslab resolves that copy of TypeScript.
 */
export function loadTslab(): LoadedTslab {
  if (loaded !== undefined) return loaded;
  const own = createRequire(import.meta.url);
  const tslab = createRequire(own.resolve('tslab/package.json'));
  const id = tslab.resolve('@tslab/typescript-for-tslab');
  const { version } = tslab('@tslab/typescript-for-tslab/package.json') as { version: string };
  const compiled = loadCached(tslab, id, `tslab-typescript-${version}`);
  const fork = compiled.exports as Fork;
  const cached = tslab.cache[id];
  if (cached === undefined) throw new Error(`${id} is not in the module cache`);
  cached.exports = exchanged(fork);
  const { createConverter } = tslab('./dist/converter.js') as { createConverter: (options: object) => TslabConverter };
  const nodeTypes = tslab.resolve('@types/node/package.json');
  loaded = {
    fork,
    createConverter,
    typeRoots: [nodeTypes.slice(0, nodeTypes.length - '/node/package.json'.length)],
    saveCache: compiled.save,
  };
  return loaded;
}

function exchanged(fork: Fork): object {
  const sys = Object.assign(Object.create(fork.sys) as ts.System, {
    getCurrentDirectory: () => hooks().folder,
    watchFile: (path: string, changed: ts.FileWatcherCallback) => hooks().watchFile(path, changed),
    watchDirectory: (path: string, changed: ts.DirectoryWatcherCallback) => hooks().watchDirectory(path, changed),
    useCaseSensitiveFileNames: true,
  });
  (fork.sys as { useCaseSensitiveFileNames: boolean }).useCaseSensitiveFileNames = true; // tslab wants this for the whole process
  const replaced: Partial<Record<string, unknown>> = {
    sys,
    createWatchCompilerHost: (roots: string[], options: ts.CompilerOptions, system: ts.System) =>
      hooks().createWatchCompilerHost(roots, options, system),
    getPreEmitDiagnosticsOfFiles: (program: ts.Program, files: readonly ts.SourceFile[]) => hooks().diagnostics(program, files),
    // To CommonJS: cells become functions, and the files beside them are CommonJS already.
    transpileModule: (text: string) => ({ outputText: text }),
  };
  const result = Object.create(null) as object;
  for (const name of Object.keys(fork)) {
    const value = replaced[name];
    const get = value === undefined ? () => (fork as unknown as Record<string, unknown>)[name] : () => value;
    Object.defineProperty(result, name, { enumerable: true, configurable: true, get });
  }
  return result;
}
