import { existsSync, readdirSync, realpathSync, type Stats, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isNbserveError, shownValue } from '../core/index.js';
import { DataUnreadable, InvalidCall, NoFiles, RemoteData } from './errors.js';

const GLOB = /[*?[{]/;
/** Whether it names a file of another machine. */
export const isRemote = (path: string): boolean => /^[a-z][a-z0-9+.-]+:\/\//i.test(path) && !isFileUrl(path);
const isFileUrl = (path: string): boolean => /^file:\/\//i.test(path);

/**
 * The files that paths name: files, folders (with all files below that have one of the extensions), or globs with `*`, `**`, `?`, `[ab]` and `{a,b}`. Sorted.
 * @throws NBS_DATA_NO_FILES, NBS_DATA_UNREADABLE, NBS_DATA_REMOTE, NBS_DATA_ARGUMENT
 */
export function filesOf(what: string, paths: string | readonly string[], extensions: readonly string[]): readonly string[] {
  const all = [paths].flat();
  if (all.length === 0 || !all.every((path) => typeof path === 'string' && path !== ''))
    throw InvalidCall({ what, expected: 'a path or a list of paths', got: shownValue(paths) });
  const files = all.flatMap((path) => {
    const found = oneOf(what, localPath(what, path, 'reads'), extensions);
    if (found.length === 0) throw NoFiles({ what, paths: path });
    return found;
  });
  return files;
}

/** The path that a path or a `file:` URL names. @throws NBS_DATA_REMOTE, NBS_DATA_ARGUMENT if the URL names another machine */
export function localPath(what: string, path: string, does: 'reads' | 'writes'): string {
  if (isRemote(path)) throw RemoteData({ what, url: path, reason: `this call ${does} local files only` });
  if (!isFileUrl(path)) return path;
  try {
    return fileURLToPath(path);
  } catch (error) {
    throw InvalidCall({ what, expected: 'a URL of a file has three slashes, as in file:///data/x.csv', got: path }, error);
  }
}

function oneOf(what: string, path: string, extensions: readonly string[]): string[] {
  if (existsSync(path)) {
    if (!statSync(path).isDirectory()) return [resolve(path)];
    return below(resolve(path), { isOnce: true })
      .filter((file) => extensions.some((extension) => file.toLowerCase().endsWith(`.${extension}`)))
      .sort();
  }
  if (!GLOB.test(path)) return [];
  const whole = resolve(path);
  const fixed = whole.slice(0, whole.search(GLOB));
  const base = fixed.slice(0, fixed.lastIndexOf('/') + 1) || '/';
  const pattern = globOf(what, path, whole);
  return existsSync(base)
    ? below(base, { depth: depthOf(whole.slice(base.length)) })
        .filter((file) => pattern.test(file))
        .sort()
    : [];
}

/** How many folders deep a glob can lead. */
const depthOf = (pattern: string): number =>
  /\*\*|\{[^}]*\//.test(pattern) ? Number.POSITIVE_INFINITY : pattern.split('/').length;

interface Walk {
  /** @default as far as it goes */
  readonly depth?: number;
  /** Whether a folder is read once, although links lead to it too. Otherwise, only a folder inside itself is left out. @default false */
  readonly isOnce?: boolean;
  readonly seen?: Set<string>;
}

/** The files below a folder, also behind links. A link that leads nowhere is a file that cannot be read. */
function below(folder: string, { depth = Number.POSITIVE_INFINITY, isOnce = false, seen = new Set() }: Walk): string[] {
  if (depth === 0) return [];
  try {
    const real = realpathSync(folder);
    if (seen.has(real)) return [];
    seen.add(real);
    const files = readdirSync(folder, { withFileTypes: true }).flatMap((entry): string[] => {
      const path = join(folder, entry.name);
      const kind = entry.isSymbolicLink() ? targetOf(path) : entry;
      if (kind?.isDirectory()) return below(path, { depth: depth - 1, isOnce, seen });
      return kind === undefined || kind.isFile() ? [path] : [];
    });
    if (!isOnce) seen.delete(real);
    return files;
  } catch (error) {
    if (isNbserveError(error)) throw error;
    throw DataUnreadable({ reason: `${folder}: ${(error as Error).message}` }, error);
  }
}

function targetOf(link: string): Stats | undefined {
  try {
    return statSync(link);
  } catch {
    return undefined;
  }
}

const PARTS: Readonly<Record<string, string>> = { '**/': '(?:.*/)?', '**': '.*', '*': '[^/]*', '?': '[^/]' };

/** @throws NBS_DATA_ARGUMENT */
function globOf(what: string, path: string, whole: string): RegExp {
  try {
    return patternOf(whole);
  } catch (error) {
    throw InvalidCall({ what, expected: 'the ranges of a glob go upwards, as in [a-z]', got: path }, error);
  }
}

function patternOf(glob: string): RegExp {
  const text = glob.replace(/\*\*\/|\*\*|\*|\?|\[[^\]/]+\]|\{[^{}]*\}|[.+^${}()|[\]\\]/g, (part): string => {
    const known = PARTS[part];
    if (known !== undefined) return known;
    if (part.length === 1) return `\\${part}`;
    const inner = part.slice(1, -1);
    if (part.startsWith('[')) return `[${inner.replace(/^!/, '^').replaceAll('\\', '\\\\')}]`;
    return `(?:${inner
      .split(',')
      .map((one) => patternOf(one).source.slice(1, -1))
      .join('|')})`;
  });
  return new RegExp(`^${text}$`);
}
