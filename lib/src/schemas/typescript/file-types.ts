import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { API, type Snapshot } from 'typescript7/unstable/sync';
import type { ClassSchema } from '../class-schema.js';
import { NoTypes } from '../errors.js';
import { describeClassIn } from './class-in-file.js';
import type { RoutedClass } from './describe-class.js';

/** Matches `path:line:column`. */
const SITE = /^(.*):(\d+):(\d+)$/;

/** The types of module files. TypeScript 7 runs in a process of its own, from the first question until `close`. */
export class FileTypes {
  #api: API | undefined;
  readonly #configs = new Map<string, string>();

  /**
   * @param sites `path:line:column` of the call of `serve.deployment`, and of the calls that led to it
   * @throws NBS_NO_SCHEMA, NBS_NO_TYPES
   */
  describe(sites: readonly string[], routed: RoutedClass): ClassSchema {
    let failure: unknown;
    for (const site of sites) {
      const [, path, line, column] = SITE.exec(site) ?? [];
      if (path === undefined || !/\.[cm]?[jt]sx?$/.test(path) || !existsSync(path)) continue;
      try {
        return this.#describe(path, { line: Number(line), column: Number(column) }, routed);
      } catch (error) {
        // If a function makes deployments of the classes that it gets as arguments, the types of the class are known at the function's caller.
        if ((error as { code?: unknown }).code !== NoTypes.code) throw error;
        failure ??= error;
      }
    }
    if (failure !== undefined) throw failure;
    throw NoTypes({
      deployment: routed.deployment,
      reason: `its source is not there (${sites[0] ?? 'no file'})`,
      remedy: 'run the TypeScript file itself, or compile it with source maps',
    });
  }

  close(): void {
    const api = this.#api as unknown as { client?: { channel?: { child?: { pid?: number } } } } | undefined;
    const pid = api?.client?.channel?.child?.pid;
    this.#api = undefined;
    // `api.close()` sends SIGTERM, upon which TypeScript prints "context canceled" to stderr.
    if (pid !== undefined) process.kill(pid, 'SIGKILL');
    (api as API | undefined)?.close();
  }

  #describe(path: string, place: { line: number; column: number }, routed: RoutedClass): ClassSchema {
    this.#api ??= new API({
      cwd: dirname(path),
      fs: {
        // `undefined` means that the server reads the file from the disk.
        readFile: (name) => this.#configs.get(name),
        fileExists: (name) => (this.#configs.has(name) ? true : undefined),
      },
    });
    // Each file is a project of its own. TypeScript shares the files that it has read between projects.
    const config = join(dirname(path), `__nbserve__.${this.#configs.size}.tsconfig.json`);
    this.#configs.set(config, configFor(path, this.#api));
    const snapshot: Snapshot = this.#api.updateSnapshot({ openProjects: [config] });
    try {
      const project = snapshot.getProject(config);
      const file = project?.program.getSourceFile(path);
      if (project === undefined || file === undefined) {
        throw NoTypes({
          deployment: routed.deployment,
          reason: `TypeScript does not read ${path}`,
          remedy: 'write the class in a TypeScript file',
        });
      }
      return describeClassIn(project.checker, file, place, routed);
    } finally {
      snapshot.dispose();
    }
  }
}

/**
 * The settings for one file: those of the user's `tsconfig.json`, if there is one. `strictNullChecks` is always on; without it, types do not say which
 * properties may be missing.
 */
function configFor(path: string, api: API): string {
  const own = nearest(dirname(path), 'tsconfig.json');
  const always = {
    noEmit: true,
    skipLibCheck: true,
    strictNullChecks: true,
    allowJs: true,
    composite: false,
    incremental: false,
  };
  const nodeTypes = nodeTypesFor(path);
  // Before TypeScript 6, the types of Node were included by default. They also declare the types of the web.
  const config = own === undefined ? undefined : api.parseConfigFile(own);
  const chosen = ((config?.options as { types?: unknown } | undefined)?.types as string[] | undefined) ?? [];
  // Files of declarations hold global types, which no file imports.
  const ambient = config?.fileNames.filter((name) => name !== path && isAmbient(name)) ?? [];
  const types =
    nodeTypes === undefined ? { types: chosen } : { types: [...new Set([...chosen, 'node'])], typeRoots: [nodeTypes] };
  const compilerOptions =
    own === undefined
      ? {
          ...always,
          module: 'preserve',
          moduleResolution: 'bundler',
          target: 'esnext',
          lib: ['esnext', ...(nodeTypes === undefined ? ['dom', 'dom.iterable'] : [])],
          strict: true,
          allowImportingTsExtensions: true,
          resolveJsonModule: true,
          jsx: 'preserve',
          ...types,
        }
      : { ...always, ...types };
  return JSON.stringify({
    ...(own === undefined ? {} : { extends: own }),
    compilerOptions,
    files: [path, ...ambient],
    include: [],
  });
}

/** True for a file of declarations that no import names: it is no module, or it adds to others. */
function isAmbient(path: string): boolean {
  if (!/\.d\.[cm]?ts$/.test(path) || !existsSync(path)) return false;
  const text = readFileSync(path, 'utf8');
  return !/^\s*(import|export)\b/m.test(text) || /\bdeclare\s+(global|module)\b/.test(text);
}

/** Finds the folder that contains `@types/node`. */
function nodeTypesFor(path: string): string | undefined {
  for (const from of [path, import.meta.url]) {
    try {
      return dirname(dirname(createRequire(from).resolve('@types/node/package.json')));
    } catch {
      // The package is not installed there.
    }
  }
  return undefined;
}

function nearest(folder: string, name: string): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, name))) return join(at, name);
    if (dirname(at) === at || existsSync(join(at, 'package.json')))
      return existsSync(join(at, name)) ? join(at, name) : undefined;
  }
}
