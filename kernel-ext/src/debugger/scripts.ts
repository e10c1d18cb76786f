import type { Debugger, Runtime } from 'node:inspector';
import type { Inspector } from './inspector-client.js';
import { filePath, isKernels, isNbserves, KERNEL, NBSERVE } from './own-code.js';
import { CELL, Sources } from './sources.js';
import { type CodePositions, type Place, unpacked, VIEW } from './view.js';

/** What the cell's function does before the cell's own code. */
const HEAD = '__nbs.define({';
const HEAD_END = ' });';
/** What the kernel puts into the user's code. */
const OWN_CALL = /^(?:__nbs[._]|\s*(?:typeof )?__nbs_loop)/;

interface Script {
  readonly id: string;
  readonly url: string;
  positions?: Promise<CodePositions | undefined>;
}

type Location = Debugger.BreakLocation;

/** The scripts of a process that are the user's, and their positions in the user's source. */
export interface UserScripts {
  isUsers(frame: Debugger.CallFrame): boolean;
  /** The path and the place (from 0) in the user's source. */
  place(location: Debugger.Location): Promise<{ path: string } & Place>;
  /** Whether the place is one that nbserve has put into the code, at which nobody wants to stop. */
  isMade(location: Debugger.Location): Promise<boolean>;
  /** Whether the frame is of a cell's own code, and not of a function in it. */
  isCell(frame: Debugger.CallFrame): Promise<boolean>;
  /** The scripts with the source of this path. A cell that ran twice has two. */
  withPath(path: string): Promise<string[]>;
  /** The place in the script at which a line of a source begins, or the next line that has code. @param line from 0 */
  locationOf(scriptId: string, line: number, path: string): Promise<FoundLine | undefined>;
}

export interface FoundLine {
  readonly location: Debugger.Location;
  /** From 0. */
  readonly line: number;
}

/** The user's scripts of the kernel's main thread. */
export class Scripts implements UserScripts {
  readonly sources = new Sources(async () => (await this.#ask<[string, string][] | undefined>('cells()')) ?? []);
  readonly #inspector: Inspector;
  readonly #scripts = new Map<string, Script>();
  /** The last script of each cell. */
  readonly #ofCell = new Map<string, Script>();

  constructor(inspector: Inspector) {
    this.#inspector = inspector;
    inspector.on<Debugger.ScriptParsedEventDataType>('Debugger.scriptParsed', ({ scriptId, url }) => {
      if (!isUsers(url)) return;
      const script: Script = { id: scriptId, url };
      this.#scripts.set(scriptId, script);
      if (CELL.test(url)) this.#ofCell.set(url, script);
    });
  }

  isUsers(frame: Debugger.CallFrame): boolean {
    return this.#scripts.has(frame.location.scriptId);
  }

  async place({ scriptId, lineNumber, columnNumber = 0 }: Debugger.Location): Promise<{ path: string } & Place> {
    const script = this.#scripts.get(scriptId);
    if (script === undefined) return { path: '', line: lineNumber, column: columnNumber };
    const positions = await this.#positions(script);
    const found = unpacked(positions?.places[lineNumber]?.[columnNumber]);
    const path = CELL.test(script.url) ? this.sources.dump(positions?.source ?? '') : filePath(script.url);
    return { path, ...(found ?? { line: lineNumber, column: columnNumber }) };
  }

  async isMade({ scriptId, lineNumber, columnNumber = 0 }: Debugger.Location): Promise<boolean> {
    const script = this.#scripts.get(scriptId);
    const positions = script && CELL.test(script.url) ? await this.#positions(script) : undefined;
    if (positions === undefined) return false;
    const text = positions.code.split('\n')[lineNumber] ?? '';
    return isInHead(positions.code, lineNumber, columnNumber) || OWN_CALL.test(text.slice(columnNumber));
  }

  async isCell({ functionLocation: at }: Debugger.CallFrame): Promise<boolean> {
    const script = at && this.#scripts.get(at.scriptId);
    if (at === undefined || script === undefined || !CELL.test(script.url)) return false;
    const positions = await this.#positions(script);
    return positions !== undefined && isInHead(positions.code, at.lineNumber, at.columnNumber ?? 0);
  }

  async withPath(path: string): Promise<string[]> {
    const wanted = this.sources.source(path);
    const found: string[] = [];
    for (const script of this.#scripts.values()) {
      if (!CELL.test(script.url)) {
        if (filePath(script.url) === path) found.push(script.id);
      } else if (wanted !== undefined && (await this.#positions(script))?.source === wanted) {
        found.push(script.id);
      }
    }
    return found;
  }

  /** The script of a cell that was compiled right now, and the path of its source. */
  async compiled(cell: string): Promise<{ readonly id: string; readonly path: string } | undefined> {
    // The main thread told of the cell on another channel. After an answer of the inspector, its event about the script has come too.
    await this.#inspector.send('Runtime.evaluate', { expression: '0', silent: true });
    const script = this.#ofCell.get(cell);
    const positions = script && (await this.#positions(script));
    return script && positions && { id: script.id, path: this.sources.dump(positions.source) };
  }

  async locationOf(scriptId: string, line: number): Promise<FoundLine | undefined> {
    const script = this.#scripts.get(scriptId);
    const positions = script && (await this.#positions(script));
    const { locations } = await this.#inspector.send<Debugger.GetPossibleBreakpointsReturnType>(
      'Debugger.getPossibleBreakpoints',
      { start: { scriptId, lineNumber: 0, columnNumber: 0 } },
    );
    let best: { location: Location; line: number } | undefined;
    for (const location of locations) {
      const { lineNumber, columnNumber = 0 } = location;
      if (positions !== undefined && isInHead(positions.code, lineNumber, columnNumber)) continue;
      const own = positions === undefined ? lineNumber : unpacked(positions.places[lineNumber]?.[columnNumber])?.line;
      if (own === undefined || own < line || (best !== undefined && own > best.line)) continue;
      if (best === undefined || own < best.line || (best.location.type === 'return' && location.type !== 'return')) {
        best = { location, line: own };
      }
    }
    if (best === undefined) return undefined;
    const { lineNumber, columnNumber = 0 } = best.location;
    return { location: { scriptId, lineNumber, columnNumber }, line: best.line };
  }

  #positions(script: Script): Promise<CodePositions | undefined> {
    const id = CELL.test(script.url) ? script.url : filePath(script.url);
    // If a number was used again, the positions of the earlier cell with it are not known any more.
    if (CELL.test(id) && this.#ofCell.get(id) !== script && script.positions === undefined) return Promise.resolve(undefined);
    script.positions ??= this.#asked(script, id);
    return script.positions;
  }

  /** Without an answer, for instance because an interrupt has ended the question, it is asked again later. */
  async #asked(script: Script, id: string): Promise<CodePositions | undefined> {
    let positions: CodePositions | undefined;
    try {
      positions = await this.#ask<CodePositions | undefined>(`positions(${JSON.stringify(id)})`);
    } finally {
      if (positions === undefined) delete script.positions;
    }
    return positions;
  }

  async #ask<T>(call: string): Promise<T> {
    const { result } = await this.#inspector.send<Runtime.EvaluateReturnType>('Runtime.evaluate', {
      expression: `${VIEW}?.${call}`,
      returnByValue: true,
      silent: true,
    });
    return result.value as T;
  }
}

function isInHead(code: string, line: number, column: number): boolean {
  const at = line === 0 ? code.indexOf(HEAD) : -1;
  return at >= 0 && column < code.indexOf(HEAD_END, at) + HEAD_END.length;
}

/** Whether the code at this URL is the user's. */
export function isUsers(url: string): boolean {
  if (CELL.test(url)) return true;
  if (!url.startsWith('file:') && !url.startsWith('/')) return false;
  return !isKernels(url) && !isNbserves(url) && !filePath(url).includes('node_modules');
}

const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Code in which nobody stops: Node's, the kernel's, and that of packages. */
export const BLACKBOXED = ['^node:', `^(file://)?${literal(KERNEL)}`, `^(file://)?${literal(NBSERVE)}`, 'node_modules'];
