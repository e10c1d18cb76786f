import type { Debugger } from 'node:inspector';
import type { Inspector } from './inspector-client.js';
import type { SourceBreakpoint } from './protocol.js';
import type { UserScripts } from './scripts.js';

/** A breakpoint as clients see it. */
export interface ClientBreakpoint {
  readonly id: number;
  readonly verified: boolean;
  /** From 1. */
  readonly line: number;
  readonly source: { readonly path: string };
  readonly message?: string;
}

/** The breakpoints of the user's sources. They are set in each script with such a source when it is compiled. */
export class Breakpoints {
  readonly #inspector: Inspector;
  readonly #scripts: UserScripts;
  readonly #wanted = new Map<string, readonly SourceBreakpoint[]>();
  /** The inspector's ids, by path. */
  readonly #set = new Map<string, string[]>();
  readonly #withNames: (condition: string) => Promise<string>;
  #count = 0;
  #last: Promise<unknown> = Promise.resolve();

  /** @param withNames makes a condition one that finds the names of the notebook */
  constructor(inspector: Inspector, scripts: UserScripts, withNames: (condition: string) => Promise<string>) {
    this.#inspector = inspector;
    this.#scripts = scripts;
    this.#withNames = withNames;
  }

  /** The breakpoints of each source, as in the reply to `debugInfo`. */
  list(): { source: string; breakpoints: SourceBreakpoint[] }[] {
    return [...this.#wanted].map(([source, breakpoints]) => ({ source, breakpoints: [...breakpoints] }));
  }

  /** The same at the lines at which they are in code that has run: a line without code has its breakpoint at the next line that has some. */
  resolved(): Promise<{ source: string; breakpoints: SourceBreakpoint[] }[]> {
    return this.#inTurn(() =>
      Promise.all(
        this.list().map(async ({ source, breakpoints }) => {
          const last = (await this.#scripts.withPath(source)).at(-1);
          const resolve = async (one: SourceBreakpoint): Promise<SourceBreakpoint> => {
            const found = last === undefined ? undefined : await this.#scripts.locationOf(last, one.line - 1, source);
            return found === undefined ? one : { ...one, line: found.line + 1 };
          };
          return { source, breakpoints: await Promise.all(breakpoints.map(resolve)) };
        }),
      ),
    );
  }

  /** Replaces the breakpoints of a source. */
  replace(path: string, wanted: readonly SourceBreakpoint[]): Promise<ClientBreakpoint[]> {
    return this.#inTurn(() => this.#replace(path, wanted));
  }

  /** A cell was compiled and runs next. */
  async compiled(scriptId: string, path: string): Promise<void> {
    await this.#inTurn(() => this.#setIn(scriptId, path, this.#wanted.get(path) ?? []));
  }

  /** Otherwise, of two that run at the same time, each would not see what the other sets, and it would never be removed. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => {});
    return done;
  }

  async #replace(path: string, wanted: readonly SourceBreakpoint[]): Promise<ClientBreakpoint[]> {
    if (wanted.length === 0) this.#wanted.delete(path);
    else this.#wanted.set(path, wanted);
    const old = this.#set.get(path) ?? [];
    this.#set.delete(path);
    await Promise.all(old.map((breakpointId) => this.#inspector.send('Debugger.removeBreakpoint', { breakpointId })));
    const scripts = await this.#scripts.withPath(path);
    const set = await Promise.all(scripts.map((id) => this.#setIn(id, path, wanted)));
    return wanted.map(({ line }, at) => {
      // If the cell has not run, its lines with code are not known yet.
      const found = scripts.length === 0 ? line : set.map((lines) => lines[at]).find((one) => one !== undefined);
      const common = { id: ++this.#count, verified: found !== undefined, line: found ?? line, source: { path } };
      return found === undefined ? { ...common, message: 'there is no code on this line or below it' } : common;
    });
  }

  /** @returns the lines (from 1) at which they are */
  async #setIn(scriptId: string, path: string, wanted: readonly SourceBreakpoint[]): Promise<(number | undefined)[]> {
    const lines: (number | undefined)[] = [];
    for (const { line, condition } of wanted) {
      const found = await this.#scripts.locationOf(scriptId, line - 1, path);
      lines.push(found && found.line + 1);
      if (found === undefined) continue;
      try {
        const { breakpointId } = await this.#inspector.send<Debugger.SetBreakpointReturnType>('Debugger.setBreakpoint', {
          location: found.location,
          ...(condition !== undefined && { condition: await this.#withNames(condition) }),
        });
        const set = this.#set.get(path) ?? [];
        set.push(breakpointId);
        this.#set.set(path, set);
      } catch {
        // Two lines without code have the next line with code in common, and it has its breakpoint.
      }
    }
    return lines;
  }
}
