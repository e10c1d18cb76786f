import { readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { typescriptProgram } from '../../versions/index.js';

/** A larger file (the library for browsers) stays by itself: to send it to the server costs more than it saves. */
const MOST_BYTES = 1024 * 1024;

/** References to other libraries are at the top of a file, before its declarations. */
const HEAD_UNITS = 8192;
const REFERENCE = /^\/\/\/\s*<reference\s+lib="([^"]+)"/gm;

const MODULE = /^(export|import)\b/m;

/** TypeScript uses the file of the other name. A file of this name exists, but it is for projects without `lib`. */
const OTHER_NAMES: Readonly<Record<string, string>> = { es6: 'es2015', es7: 'es2016' };

/**
 * TypeScript's library for JavaScript as one file. It consists of about 60 files, which declare `Array`, `Promise` and so on again and again. For each cell,
 * the server makes a checker that merges these declarations, and counts the files of its program three times. If one file has the text of all, and the
 * others are empty, the parser merges the declarations once: a one-line cell takes 0.7 instead of 1.1 ms of the server's CPU time.
 */
export class JoinedLibraries {
  readonly #folder: string | undefined;
  readonly #chosen: readonly string[];
  /** The paths of the files that are joined; undefined until they are needed. */
  #files: ReadonlySet<string> | undefined;
  /** The file that has the text: the one that the server asked for first, which is one that the project names. */
  #first: string | undefined;
  /** The joined text, until the server has it. */
  #text = '';

  /** @param chosen the names in the project's `lib` */
  constructor(chosen: readonly string[], program = typescriptProgram()) {
    this.#folder = program === undefined ? undefined : dirname(program);
    this.#chosen = chosen.map((name) => name.toLowerCase());
  }

  /** Reads the files, which the server will ask for. */
  prepare(): void {
    if (this.#folder !== undefined && this.#files === undefined) this.#join(this.#folder);
  }

  /** What the server gets for a file; undefined if it reads the file itself. */
  textOf(path: string): string | undefined {
    if (this.#folder === undefined || !path.startsWith(`${this.#folder}/lib.`)) return undefined;
    this.prepare();
    if (this.#files?.has(path) !== true) return undefined;
    this.#first ??= path;
    if (path !== this.#first) return '';
    if (this.#text === '') this.#join(this.#folder);
    const text = this.#text;
    this.#text = '';
    return text;
  }

  /** The paths of the files that are joined. */
  get files(): Iterable<string> {
    return this.#files ?? [];
  }

  #join(folder: string): void {
    const files = new Set<string>();
    const looked = new Set<string>();
    const texts: string[] = [];
    const alone: string[] = [];
    const add = (given: string): void => {
      const name = OTHER_NAMES[given] ?? given;
      if (looked.has(name)) return;
      looked.add(name);
      const path = join(folder, `lib.${name}.d.ts`);
      const size = statSync(path, { throwIfNoEntry: false })?.size ?? Number.POSITIVE_INFINITY;
      // A file that is not there has another name, and stays by itself too. So do those that no `lib` can name.
      if (size > MOST_BYTES || name.endsWith('.full')) return;
      const text = readFileSync(path, 'utf8');
      for (const [, referred] of text.slice(0, HEAD_UNITS).matchAll(REFERENCE)) add((referred as string).toLowerCase());
      // A module has global declarations in a block of their own. With its `export`, the joined file would be a module, and declare nothing.
      if (MODULE.test(text)) {
        alone.push(`/// <reference lib="${name}" />`);
        return;
      }
      // Its references need not be removed. What they refer to is empty, and below declarations they are not read.
      texts.push(text);
      files.add(path);
    };
    this.#chosen.forEach(add);
    this.#files = files;
    this.#text = [...alone, ...texts].join('\n');
  }
}
