import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { BadTsconfig } from '../errors.js';

/** The settings of a `tsconfig.json` and of the files that it extends. */
export interface Tsconfig {
  /** Compiler options; those of the file replace those of the files that it extends. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Patterns such as `@lib/*` → absolute patterns of files. */
  readonly paths: Readonly<Record<string, readonly string[]>>;
  /** Each file that was read or looked for → the time of its last change; 0 if the file does not exist. */
  readonly read: ReadonlyMap<string, number>;
  /** NBS_TSCONFIG, if a file is not JSON, or extends a file that does not exist. There are no options then. */
  readonly fault?: Error;
}

interface Raw {
  readonly extends?: unknown;
  readonly compilerOptions?: unknown;
}

export function readTsconfig(file: string): Tsconfig {
  const read = new Map<string, number>();
  try {
    return { ...merged(file, read, undefined, dirname(file)), read };
  } catch (error) {
    return { options: {}, paths: {}, read, fault: error as Error };
  }
}

export function modificationTime(path: string): number {
  const found = statSync(path, { throwIfNoEntry: false });
  return found?.isFile() === true ? found.mtimeMs : 0;
}

/** @param top the folder that `${configDir}` names */
function merged(
  file: string,
  read: Map<string, number>,
  extendedBy: string | undefined,
  top: string,
): Pick<Tsconfig, 'options' | 'paths'> {
  // The file extends itself.
  if (read.has(file)) return { options: {}, paths: {} };
  const modifiedMs = modificationTime(file);
  read.set(file, modifiedMs);
  if (modifiedMs === 0) {
    if (extendedBy === undefined) return { options: {}, paths: {} };
    throw BadTsconfig({ file: extendedBy, reason: `it extends ${file}, which is not there` });
  }
  const raw = parsed(file);
  const bases = typeof raw.extends === 'string' ? [raw.extends] : Array.isArray(raw.extends) ? raw.extends : [];
  let options: Record<string, unknown> = {};
  let paths: Tsconfig['paths'] = {};
  for (const base of bases) {
    const found = merged(locate(file, String(base)), read, file, top);
    options = { ...options, ...found.options };
    if (Object.keys(found.paths).length > 0) paths = found.paths;
  }
  const own = typeof raw.compilerOptions === 'object' && raw.compilerOptions !== null ? { ...raw.compilerOptions } : {};
  const { baseUrl, paths: ownPaths } = own as { baseUrl?: unknown; paths?: Record<string, unknown> };
  if (typeof ownPaths === 'object' && ownPaths !== null) {
    const configured = (path: string): string => path.replace(/^\$\{configDir\}/i, () => top);
    const folder = resolve(dirname(file), typeof baseUrl === 'string' ? configured(baseUrl) : '.');
    paths = Object.fromEntries(
      Object.entries(ownPaths)
        .filter((entry): entry is [string, string[]] => Array.isArray(entry[1]))
        .map(([pattern, files]) => [pattern, files.map((one) => resolve(folder, configured(one)))]),
    );
  }
  return { options: { ...options, ...own }, paths };
}

/** Finds the file that `extends` names: a path, or a file of a package. */
function locate(from: string, base: string): string {
  const name = base.endsWith('.json') ? base : `${base}.json`;
  if (isAbsolute(base) || /^\.{1,2}(\/|$)/.test(base)) return resolve(dirname(from), name);
  const { resolve: find } = createRequire(from);
  for (const specifier of [base, name, join(base, 'tsconfig.json')]) {
    try {
      const found = find(specifier);
      if (found.endsWith('.json')) return found;
    } catch {
      // The file may have another name.
    }
  }
  return join(dirname(from), 'node_modules', name);
}

function parsed(file: string): Raw {
  try {
    return JSON.parse(withoutComments(readFileSync(file, 'utf8'))) as Raw;
  } catch (error) {
    throw BadTsconfig({ file, reason: (error as Error).message });
  }
}

/** Parses the JSON of a `tsconfig.json`, which may contain comments and trailing commas. */
const withoutComments = (text: string): string =>
  text
    .replace(/^\ufeff/, '')
    .replace(/("(?:\\.|[^"\\])*")|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, (_all, string: string | undefined) => string ?? '')
    .replace(
      /("(?:\\.|[^"\\])*")|,(\s*[}\]])/g,
      (_all, string: string | undefined, end: string | undefined) => string ?? end ?? '',
    );
