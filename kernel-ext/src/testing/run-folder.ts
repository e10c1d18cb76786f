import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { literal, reasonOf } from '../runner/index.js';
import { NoArtifacts } from './errors.js';
import type { NotebookResult } from './result.js';

/** The file of a run that ended. A run without it was stopped or killed. */
const SUMMARY = 'summary.txt';

interface Stored {
  /** The hash of the notebook and of the options that it was run with. */
  readonly key: string;
  readonly result: NotebookResult;
}

/** The folder of one run: the executed notebooks, their results, the report. */
export class RunFolder {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /**
   * Makes the folder of a new run in `parent`, or opens that of the last run if it has not ended and `resume` is set.
   * @throws NBS_NO_ARTIFACTS
   */
  static open(parent: string, resume: boolean, now: Date): RunFolder {
    try {
      mkdirSync(parent, { recursive: true });
      // Results are not a part of the project.
      if (readdirSync(parent).length === 0) writeFileSync(join(parent, '.gitignore'), '*\n');
      const last = readdirSync(parent)
        .filter((name) => /^\d{4}-\d\d-\d\dT/.test(name))
        .sort()
        .at(-1);
      if (resume && last !== undefined && !existsSync(join(parent, last, SUMMARY))) return new RunFolder(join(parent, last));
      return new RunFolder(makeFolder(parent, now.toISOString().replaceAll(':', '-').replace('Z', '')));
    } catch (error) {
      throw NoArtifacts({ folder: parent, reason: reasonOf(error) }, error);
    }
  }

  /** The path for a file about a notebook, whose folder exists. */
  fileFor(notebook: string, suffix: string): string {
    const path = join(this.path, `${notebook.replaceAll('..', '__').replace(/\.ipynb$/, '')}${suffix}`);
    mkdirSync(dirname(path), { recursive: true });
    return path;
  }

  /** The result of a notebook that has been run before with the same key. */
  resultOf(notebook: string, key: string): NotebookResult | undefined {
    try {
      const stored = JSON.parse(readFileSync(this.fileFor(notebook, '.result.json'), 'utf8')) as Stored;
      return stored.key === key ? stored.result : undefined;
    } catch {
      return undefined;
    }
  }

  /** @param report the notebook's lines in the report */
  keep(result: NotebookResult, key: string, report: readonly string[]): void {
    this.#write(this.fileFor(result.name, '.report.txt'), `${report.join('\n')}\n`);
    this.#write(this.fileFor(result.name, '.result.json'), `${JSON.stringify({ key, result } satisfies Stored, null, 1)}\n`);
  }

  /** Marks the run as ended. */
  end(summary: string, junit: string): void {
    this.#write(join(this.path, 'junit.xml'), junit);
    this.#write(join(this.path, SUMMARY), `${summary}\n`);
  }

  /** Writes the whole file or nothing, because the process may be killed. */
  #write(path: string, text: string): void {
    try {
      writeFileSync(`${path}.tmp`, text);
      renameSync(`${path}.tmp`, path);
    } catch (error) {
      throw NoArtifacts({ folder: this.path, reason: reasonOf(error) }, error);
    }
  }
}

/** Makes a folder that does not exist yet: two runs may begin at the same time. */
function makeFolder(parent: string, name: string): string {
  for (let more = 0; ; more += 1) {
    const path = join(parent, more === 0 ? name : `${name}-${more}`);
    try {
      mkdirSync(path);
      return path;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/** The key of a notebook's result: another content or other options give another key. Parameters may be bigints, NaN and infinite, which JSON has not. */
export function keyOf(file: string, options: unknown): string {
  const hash = createHash('sha256').update(literal(options));
  try {
    hash.update(readFileSync(file));
  } catch {
    hash.update('missing');
  }
  return hash.digest('hex');
}
