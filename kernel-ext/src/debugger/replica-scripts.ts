import type { Debugger } from 'node:inspector';
import { SourceMap, type SourceMapPayload } from 'node:module';
import type { Inspector } from './inspector-client.js';
import { filePath } from './own-code.js';
import { type FoundLine, isUsers, type UserScripts } from './scripts.js';
import { CELL, type Sources } from './sources.js';
import type { Place } from './view.js';

interface Script {
  readonly id: string;
  readonly url: string;
  /** Undefined if the code is the user's own JavaScript. */
  readonly map: SourceMap | undefined;
}

const INLINE = /^data:application\/json;(?:charset=utf-8;)?base64,/;

/**
 * The user's scripts of a replica. Code travels as one script that is made of declarations of several cells, and its source map leads to them. Files that
 * cells import are such scripts too.
 */
export class ReplicaScripts implements UserScripts {
  readonly #inspector: Inspector;
  readonly #sources: Sources;
  readonly #scripts = new Map<string, Script>();

  constructor(inspector: Inspector, sources: Sources) {
    this.#inspector = inspector;
    this.#sources = sources;
    inspector.on<Debugger.ScriptParsedEventDataType>('Debugger.scriptParsed', ({ scriptId: id, url, sourceMapURL = '' }) => {
      if (isUsers(url)) this.#scripts.set(id, { id, url, map: readMap(sourceMapURL) });
    });
  }

  isUsers(frame: Debugger.CallFrame): boolean {
    return this.#scripts.has(frame.location.scriptId);
  }

  async place(location: Debugger.Location): Promise<{ path: string } & Place> {
    const { scriptId, lineNumber: line, columnNumber: column = 0 } = location;
    const url = this.#scripts.get(scriptId)?.url ?? '';
    return this.#find(location) ?? { path: filePath(url), line, column };
  }

  async isMade(location: Debugger.Location): Promise<boolean> {
    return this.#find(location) === undefined;
  }

  async isCell(): Promise<boolean> {
    return false;
  }

  async withPath(path: string): Promise<string[]> {
    const has = ({ url, map }: Script): boolean =>
      map === undefined ? filePath(url) === path : map.payload.sources.some((source) => this.#pathOf(source) === path);
    return [...this.#scripts.values()].filter(has).map(({ id }) => id);
  }

  /** Only this line: a script lacks most lines of a cell, and the next one that it has may be that of something else. */
  async locationOf(scriptId: string, line: number, path: string): Promise<FoundLine | undefined> {
    const { locations } = await this.#inspector.send<Debugger.GetPossibleBreakpointsReturnType>(
      'Debugger.getPossibleBreakpoints',
      { start: { scriptId, lineNumber: 0, columnNumber: 0 } },
    );
    const there = locations.filter((location) => {
      const found = this.#find(location);
      return found?.line === line && found.path === path;
    });
    const first = there.find(({ type }) => type !== 'return') ?? there[0];
    if (first === undefined) return undefined;
    const { lineNumber, columnNumber = 0 } = first;
    return { location: { scriptId, lineNumber, columnNumber }, line };
  }

  /** Undefined if the code at this place has no source: the compiler or nbserve has added it. */
  #find({ scriptId, lineNumber, columnNumber = 0 }: Debugger.Location): ({ path: string } & Place) | undefined {
    const script = this.#scripts.get(scriptId);
    if (script === undefined) return undefined;
    if (script.map === undefined) return { path: filePath(script.url), line: lineNumber, column: columnNumber };
    const entry = script.map.findEntry(lineNumber, columnNumber);
    // Otherwise it is the last entry of a line above.
    if (!('originalSource' in entry) || !entry.originalSource || entry.generatedLine !== lineNumber) return undefined;
    return { path: this.#pathOf(entry.originalSource), line: entry.originalLine, column: entry.originalColumn };
  }

  #pathOf(source: string): string {
    return CELL.test(source) ? (this.#sources.pathOfCell(source) ?? source) : filePath(source);
  }
}

function readMap(url: string): SourceMap | undefined {
  if (!INLINE.test(url)) return undefined;
  try {
    return new SourceMap(JSON.parse(Buffer.from(url.replace(INLINE, ''), 'base64').toString('utf8')) as SourceMapPayload);
  } catch {
    // A broken map of the user's own file.
    return undefined;
  }
}
