import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createSession, type DisplayBundle, type Outcome, type Session } from '../dist/session/index.js';

export interface CellRun {
  readonly outcome: Outcome;
  /** Everything written, stderr too. Grows while the cell's timers print. */
  readonly text: () => string;
  readonly displays: readonly { readonly bundle: DisplayBundle; readonly displayId?: string; readonly update?: boolean }[];
}

function madeFolder(path: string): string {
  mkdirSync(path);
  return path;
}

/** A session in a folder of its own, which lies in another. */
export class TestNotebook {
  readonly #root = mkdtempSync(join(tmpdir(), 'nbs-session-'));
  readonly folder = madeFolder(join(this.#root, 'notebook'));
  readonly session: Session = createSession({ folder: this.folder, ownsProcess: false });
  #count = 0;
  /** Of the cell that was run last, by now. */
  printed: () => string = () => '';

  async file(path: string, text: string): Promise<void> {
    await mkdir(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), text);
  }

  /** Runs a cell, whatever comes of it. */
  async run(code: string): Promise<CellRun> {
    let text = '';
    this.printed = () => text;
    const displays: { bundle: DisplayBundle; displayId?: string; update?: boolean }[] = [];
    const outcome = await this.session.execute(code, {
      executionCount: ++this.#count,
      silent: false,
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

  /** Runs a cell that must end well; its result as text, '' where there is none. */
  async value(code: string): Promise<string> {
    const { outcome } = await this.run(code);
    if (outcome.status === 'error') throw new Error(outcome.traceback.join('\n'));
    return String(outcome.result?.data['text/plain'] ?? '');
  }

  /** Runs a cell that must fail; its traceback. */
  async failure(code: string): Promise<string> {
    const { outcome } = await this.run(code);
    if (outcome.status === 'ok') throw new Error(`ended well: ${code}`);
    return outcome.traceback.join('\n');
  }

  async close(): Promise<void> {
    await this.session.dispose();
    rmSync(this.#root, { recursive: true, force: true });
  }
}
