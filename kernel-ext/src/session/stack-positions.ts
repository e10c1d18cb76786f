import type { Place } from '../debugger/index.js';
import type { ConvertedCell } from './converter.js';
import { LineIndex } from './mapped-text.js';
import { SourceMap } from './source-map.js';

/** What positions in a cell need. The rest of a converted cell is not kept: the scope that it leaves holds all names of the notebook. */
interface KnownCell extends Pick<ConvertedCell, 'code' | 'toOriginal'> {
  readonly source: string;
  readonly lines: LineIndex;
}

/** `file:///…/kernel-ext/dist/` */
const OWN_FOLDER = new URL('..', import.meta.url).href;

const cells = new Map<string, KnownCell>();
/** Files that cells import, by path; the map is read when a stack needs it. */
const modules = new Map<string, { readonly code: string; map?: SourceMap }>();
let installed = false;

/** Makes stacks show positions of the user's cell instead of those of its JavaScript. */
export function rememberCell(id: string, source: string, { code, toOriginal }: ConvertedCell): void {
  cells.set(id, { source, lines: new LineIndex(source), code, toOriginal });
  install();
}

/** Likewise for a file that cells import. @param code ends with its source map */
export function rememberModule(path: string, code: string): void {
  modules.set(path, { code });
  install();
}

function install(): void {
  if (installed) return;
  installed = true;
  const before = Error.prepareStackTrace;
  Error.prepareStackTrace = (error, sites) => {
    if (!sites.some(isOfUser)) return before === undefined ? plain(error, sites) : before(error, sites);
    return [header(error), ...withoutCallers(sites).map((site) => `    at ${frame(site)}`)].join('\n');
  };
}

const isKnown = (file: string): boolean => cells.has(file) || modules.has(file);

/** The places in the text of a frame in `eval` code: `eval (eval at f (cell[3].ts:4:11), <anonymous>:3:7)`. */
const PLACE = /([^\s(][^()\n]*):(\d+):(\d+)(?=\))/g;

/** True for a frame in a cell, in a file that cells import, or in code that one of them has made by `eval` or `new Function`. */
function isOfUser(site: NodeJS.CallSite): boolean {
  if (!site.isEval()) return isKnown(site.getFileName() ?? '');
  return [...String(site).matchAll(PLACE)].some(([, file = '']) => isKnown(file));
}

/** The cells that ran, as [id, source]. */
export const cellSources = (): [string, string][] => [...cells].map(([id, { source }]) => [id, source]);

/** The JavaScript of a cell or of a file that cells import, and the place in its source of each of its positions. */
export function codePositions(
  id: string,
): { readonly code: string; readonly source: string; place(line: number, column: number): Place | undefined } | undefined {
  const cell = cells.get(id);
  if (cell !== undefined) {
    const { code, source, lines, toOriginal } = cell;
    const place = (line: number, column: number): Place | undefined => {
      const offset = toOriginal(line, column);
      return offset === undefined ? undefined : lines.position(offset);
    };
    return { code, source, place };
  }
  const code = modules.get(id)?.code;
  return code === undefined ? undefined : { code, source: '', place: (line, column) => mapOf(id)?.source(line, column) };
}

/** The user's source of a cell that ran. */
export function cellSource(id: string): string | undefined {
  return cells.get(id)?.source;
}

/** The frames without those of Node and the kernel that called the outermost cell. */
function withoutCallers(sites: readonly NodeJS.CallSite[]): NodeJS.CallSite[] {
  const outermost = sites.findLastIndex(isOfUser);
  return sites.filter((site, i) => i <= outermost || !isCaller(site.getFileName() ?? ''));
}

function isCaller(file: string): boolean {
  return file === '' || file.startsWith('node:') || file.startsWith(OWN_FOLDER);
}

function frame(site: NodeJS.CallSite): string {
  const text = String(site);
  if (site.isEval())
    return text.replace(PLACE, (place, file: string, line: string, column: string) =>
      isKnown(file) ? sourcePlace(file, Number(line), Number(column)) : place,
    );
  const file = site.getFileName() ?? '';
  const line = site.getLineNumber();
  const column = site.getColumnNumber();
  if (line === null || column === null || !isKnown(file)) return text;
  return text.replace(`${file}:${line}:${column}`, () => sourcePlace(file, line, column));
}

/** The place in the source for one in the JavaScript, each as `file:line:column`. A place without a source is the file alone. */
function sourcePlace(file: string, line: number, column: number): string {
  const cell = cells.get(file);
  if (cell === undefined) {
    const position = mapOf(file)?.source(line - 1, column - 1);
    return position === undefined ? `${file}:${line}:${column}` : `${file}:${position.line + 1}:${position.column + 1}`;
  }
  const offset = cell.toOriginal(line - 1, column - 1);
  if (offset === undefined) return file;
  const position = cell.lines.position(offset);
  return `${file}:${position.line + 1}:${position.column + 1}`;
}

function mapOf(file: string): SourceMap | undefined {
  const known = modules.get(file);
  if (known === undefined) return undefined;
  if (known.map === undefined) {
    const encoded = /\/\/# sourceMappingURL=data:application\/json;base64,(\S+)\s*$/.exec(known.code)?.[1] ?? '';
    const { mappings } = JSON.parse(Buffer.from(encoded, 'base64').toString() || '{"mappings":""}') as { mappings: string };
    known.map = new SourceMap(mappings);
  }
  return known.map;
}

function plain(error: unknown, sites: readonly NodeJS.CallSite[]): string {
  return [header(error), ...sites.map((site) => `    at ${String(site)}`)].join('\n');
}

function header(error: unknown): string {
  try {
    return String(error);
  } catch {
    return 'Error';
  }
}
