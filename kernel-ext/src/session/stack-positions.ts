import type { ConvertedCell } from './converter.js';
import { LineIndex } from './mapped-text.js';

interface KnownCell {
  readonly source: string;
  readonly lines: LineIndex;
  readonly converted: ConvertedCell;
}

/** `file:///…/kernel-ext/dist/` */
const OWN_FOLDER = new URL('..', import.meta.url).href;

const cells = new Map<string, KnownCell>();
let installed = false;

/** Makes stacks show positions of the user's cell instead of those of its JavaScript. */
export function rememberCell(id: string, source: string, converted: ConvertedCell): void {
  cells.set(id, { source, lines: new LineIndex(source), converted });
  if (installed) return;
  installed = true;
  const before = Error.prepareStackTrace;
  Error.prepareStackTrace = (error, sites) => {
    if (!sites.some((site) => cells.has(site.getFileName() ?? '')))
      return before === undefined ? plain(error, sites) : before(error, sites);
    return [header(error), ...withoutCallers(sites).map((site) => `    at ${frame(site)}`)].join('\n');
  };
}

/** The user's source of a cell that ran. */
export function cellSource(id: string): string | undefined {
  return cells.get(id)?.source;
}

/** The frames without those of Node and the kernel that called the outermost cell. */
function withoutCallers(sites: readonly NodeJS.CallSite[]): NodeJS.CallSite[] {
  const outermost = sites.findLastIndex((site) => cells.has(site.getFileName() ?? ''));
  return sites.filter((site, i) => i <= outermost || !isCaller(site.getFileName() ?? ''));
}

function isCaller(file: string): boolean {
  return file === '' || file.startsWith('node:') || file.startsWith(OWN_FOLDER);
}

function frame(site: NodeJS.CallSite): string {
  const text = String(site);
  const file = site.getFileName();
  const line = site.getLineNumber();
  const column = site.getColumnNumber();
  const known = cells.get(file ?? '');
  if (known === undefined || line === null || column === null) return text;
  const offset = known.converted.toOriginal(line - 1, column - 1);
  if (offset === undefined) return text.replace(`:${line}:${column}`, '');
  const position = known.lines.position(offset);
  return text.replace(`${file}:${line}:${column}`, `${file}:${position.line + 1}:${position.column + 1}`);
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
