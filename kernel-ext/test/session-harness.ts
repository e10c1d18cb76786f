import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { it } from 'node:test';
import { createSession, type DisplayBundle, type Outcome, type Session, type SessionOptions } from '../dist/session/index.js';

export interface CellRun {
  readonly outcome: Outcome;
  /** Everything that was printed, to stderr too. It grows while the cell's timers print. */
  readonly text: () => string;
  readonly displays: readonly { readonly bundle: DisplayBundle; readonly displayId?: string; readonly update?: boolean }[];
}

function madeFolder(path: string): string {
  mkdirSync(path);
  return path;
}

/** A session in a folder of its own. */
export class TestNotebook {
  readonly #root = mkdtempSync(join(tmpdir(), 'nbs-session-'));
  readonly folder = madeFolder(join(this.#root, 'notebook'));
  readonly session: Session;
  #count = 0;
  /** What the cell that was run last has printed until now. */
  printed: () => string = () => '';
  /** The texts that it has displayed until now. */
  displayed: () => string = () => '';

  constructor(options: Omit<SessionOptions, 'folder'> = {}) {
    this.session = createSession({ folder: this.folder, ownsProcess: false, ...options });
  }

  async file(path: string, text: string): Promise<void> {
    await mkdir(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), text);
  }

  /** Runs a cell, which may fail. @param subshell whose cell it is; '' is the notebook itself */
  async run(code: string, subshell = ''): Promise<CellRun> {
    let text = '';
    this.printed = () => text;
    const displays: { bundle: DisplayBundle; displayId?: string; update?: boolean }[] = [];
    this.displayed = () => displays.map(({ bundle }) => String(bundle.data['text/plain'])).join('\n');
    const outcome = await this.session.execute(code, {
      executionCount: ++this.#count,
      silent: false,
      subshell,
      output: {
        stream: (_name, chunk) => {
          text += chunk;
        },
        display: (bundle, options) => displays.push({ bundle, ...options }),
        clear: () => {},
      },
    });
    return { outcome, text: () => text, displays };
  }

  /** Runs a cell that must succeed. @returns its result as text, '' if there is none */
  async value(code: string, subshell = ''): Promise<string> {
    const { outcome } = await this.run(code, subshell);
    if (outcome.status === 'error') throw new Error(outcome.traceback.join('\n'));
    return String(outcome.result?.data['text/plain'] ?? '');
  }

  /** Runs a cell that must fail. @returns its traceback */
  async failure(code: string, subshell = ''): Promise<string> {
    const { outcome } = await this.run(code, subshell);
    if (outcome.status === 'ok') throw new Error(`ended well: ${code}`);
    return outcome.traceback.join('\n');
  }

  async close(): Promise<void> {
    await this.session.dispose();
    rmSync(this.#root, { recursive: true, force: true });
  }
}

/** Cells, and what the last of them shows: a text, or a pattern for its error. */
export type CellCases = Readonly<Record<string, readonly [cells: readonly string[], last: string | RegExp]>>;

/** Makes one test of each case. All cells but the last must succeed. */
export function runCases(cases: CellCases): void {
  for (const [name, [cells, last]] of Object.entries(cases)) {
    it(name, async (t) => {
      const notebook = new TestNotebook();
      t.after(() => notebook.close());
      for (const code of cells.slice(0, -1)) await notebook.value(code);
      const code = cells.at(-1) as string;
      if (typeof last === 'string') assert.equal(await notebook.value(code), last);
      else assert.match(await notebook.failure(code), last);
    });
  }
}

/** Files to write, or to remove if the text is undefined. Then a cell, and what it shows or a pattern for its error. */
export type FileStep = readonly [files: Readonly<Record<string, string | undefined>>, code: string, outcome: string | RegExp];
export type FileCases = Readonly<Record<string, readonly FileStep[]>>;

/** Makes one test of each case. The steps of a case are about one notebook. */
export function runFileCases(cases: FileCases): void {
  for (const [name, steps] of Object.entries(cases)) {
    it(name, async (t) => {
      const notebook = new TestNotebook();
      t.after(() => notebook.close());
      // The file system's times are not exact.
      let seconds = 1_000_000_000;
      for (const [files, code, outcome] of steps) {
        for (const [path, text] of Object.entries(files)) {
          if (text === undefined) rmSync(join(notebook.folder, path));
          else {
            await notebook.file(path, text);
            seconds += 1;
            utimesSync(join(notebook.folder, path), seconds, seconds);
          }
        }
        if (typeof outcome === 'string') assert.equal(await notebook.value(code), outcome, code);
        else assert.match(await notebook.failure(code), outcome, code);
      }
    });
  }
}
