import { fileURLToPath } from 'node:url';
import { isCompiled } from '../../code/index.js';
import { originalSite } from './original-site.js';

/** The place in user code that called nbserve: the lines that led to the call, starting with the evaluation of a file. */
export interface CallPlace {
  /** `path:line:column` of each call in the files that the user wrote; the innermost first. */
  readonly sites: readonly string[];
  /** Paths of the files that ran, in the same order. */
  readonly files: readonly string[];
  /** The file whose evaluation led to the call. */
  readonly entry: string;
  /** Names this evaluation of the file: if a module is loaded again, it has another URL. */
  readonly evaluation: string;
  /** False if code without a file (a notebook cell, a REPL) is involved. */
  readonly isOfFiles: boolean;
}

/** Our compiled files and their sources. A stack contains the sources if source maps are on. */
const OWN_FOLDERS = [new URL('../..', import.meta.url).href, new URL('../../../src/', import.meta.url).href];
/** The name that the engine gives to the code that initializes static members. */
const STATIC_MEMBERS = /^<static_\w*initializer>$/;
/** From this frame outwards, the frames belong to the loader of the file. */
const LOADER = 'node:internal/modules/';

/** The place in user code that called us; `undefined` if no file is involved. */
export function placeOfCall(): CallPlace | undefined {
  const frames = userFrames();
  const sites: string[] = [];
  const files: string[] = [];
  let entry: string | undefined;
  let evaluation = '';
  let isOfFiles = true;
  let ofClass = false;
  for (const { raw, text, promise, isInitializer } of frames) {
    if (promise !== null) sites.push(`Promise.all:${promise}`);
    const file = pathOf(raw);
    if (file === undefined) {
      // Code without a file made the call, so no file is involved.
      if (raw !== null && files.length === 0) return undefined;
      isOfFiles &&= raw === null;
      continue;
    }
    const site = siteIn(text);
    // A frame of code that a compiler has added has no place in the user's file. The frame that evaluates a class has the place of the statement
    // before it.
    if (site !== undefined && !ofClass) sites.push(site);
    ofClass = isInitializer;
    files.push(file);
    // A test runner in a package calls the user's file, and not the other way round.
    if (entry !== undefined && file.includes('/node_modules/')) continue;
    entry = file;
    evaluation = raw as string;
  }
  // If the code is not from a notebook's cell, one of the frames is the kernel itself.
  return entry === undefined
    ? undefined
    : { sites, files, entry: isOfFiles ? entry : (files[0] as string), evaluation, isOfFiles };
}

interface Frame {
  /** URL or path of the script that ran; `null` for a script of the engine, `''` for code that was given as a text. */
  readonly raw: string | null;
  /** The frame as this process prints it, with the user's positions. */
  readonly text: string;
  /** For `Promise.all`, `allSettled` and `any`: the index of the promise. */
  readonly promise: number | null;
  /** True for the initializer of a class's static members. */
  readonly isInitializer: boolean;
}

function userFrames(): Frame[] {
  const { sites, texts } = bothStacks();
  const loader = sites.findIndex((site) => site.getFileName()?.startsWith(LOADER) === true);
  const frames = sites.slice(0, loader < 0 ? sites.length : loader).map((site, i): Frame => {
    const promise = site.getPromiseIndex();
    const isInitializer = STATIC_MEMBERS.test(site.getFunctionName() ?? '');
    return { raw: site.isEval() ? '' : (site.getFileName() ?? null), text: texts[i] ?? '', promise, isInitializer };
  });
  return frames.filter(({ raw, text }) => !isOwn(raw ?? '') && !isOwn(text));
}

const isOwn = (place: string): boolean => {
  if (place.startsWith('node:')) return true;
  const url = place.startsWith('/') ? `file://${place}` : place;
  return OWN_FOLDERS.some((folder) => url.startsWith(folder) || url.includes(`(${folder}`));
};

/** The stack as V8 gives it, and each frame as this process prints it. */
function bothStacks(): { readonly sites: readonly NodeJS.CallSite[]; readonly texts: readonly string[] } {
  const { prepareStackTrace: print, stackTraceLimit } = Error;
  let sites: NodeJS.CallSite[] = [];
  let texts: string[] = [];
  try {
    Error.stackTraceLimit = Number.POSITIVE_INFINITY;
    // Code that maps positions (a TypeScript loader, a notebook's kernel, Node itself) does so only for printed stacks.
    texts = print === undefined ? linesOf(new Error().stack) : [];
    Error.prepareStackTrace = (_, all) => {
      sites = all;
      return '';
    };
    void new Error().stack;
  } finally {
    Error.prepareStackTrace = print;
    Error.stackTraceLimit = stackTraceLimit;
  }
  // The frames are printed one by one, because a printer may leave some out.
  if (print !== undefined) texts = sites.map((site) => linesOf(print(new Error(), [site]))[0] ?? '');
  return { sites, texts: texts.length === sites.length ? texts : sites.map((site) => `    at ${String(site)}`) };
}

const linesOf = (stack: unknown): string[] =>
  String(stack)
    .split('\n')
    .filter((line) => /^\s+at /.test(line));

function pathOf(raw: string | null): string | undefined {
  if (raw === null || /\[(eval|stdin)\d*\]$/.test(raw)) return undefined;
  if (raw.startsWith('/')) return raw;
  return raw.startsWith('file://') ? fileURLToPath(withoutQuery(raw)) : undefined;
}

/** Finds `path:line:column` in a text such as `    at name (path:line:column)`. */
function siteIn(text: string): string | undefined {
  const place = text.endsWith(')') ? text.slice(text.indexOf(' (') + 2, -1) : text.replace(/^\s+at (async )?/, '');
  const [, file, line, column] = /^(.*):(\d+):(\d+)$/.exec(place) ?? [];
  const path = pathOf(file ?? null);
  return path === undefined || isCompiled(file as string) ? undefined : originalSite(path, Number(line), Number(column));
}

const withoutQuery = (url: string): string => url.replace(/[?#].*$/, '');
