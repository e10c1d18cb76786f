import { wordsOf } from './cell-module.js';
import type { TypeServer } from './type-server.js';

/** The file in memory with the globals that were needed until now. */
export const GLOBALS = '__nbs_globals.d.ts';

/** Matches a global whose type is imported, with its comment. */
const IMPORTED = /^(?:\/\*\*[^\n]*\*\/\n)?declare (?:const|function) (\w+)[^\n]*\bimport\([^\n]*\n/gm;

/** Separates the globals whose types are imported from the other declarations. */
export function splitAmbient(ambient: string): { base: string; imported: ReadonlyMap<string, string> } {
  const imported = new Map<string, string>();
  const base = ambient.replace(IMPORTED, (declaration: string, name: string) => {
    imported.set(name, declaration);
    return '';
  });
  return { base, imported };
}

/**
 * Globals of cells, such as `serve` and `onnx`, that are declared when a cell first mentions them. Their types are in about 100 files, which would take a
 * third of the time in which the type server starts, and 7 MiB.
 */
export class LateGlobals {
  readonly #server: TypeServer;
  readonly #waiting: Map<string, string>;
  #declared = '';

  constructor(server: TypeServer, imported: ReadonlyMap<string, string>) {
    this.#server = server;
    this.#waiting = new Map(imported);
    this.#server.set(GLOBALS, '');
  }

  /** Declares the globals that the text mentions. */
  declareFor(text: string): void {
    if (this.#waiting.size === 0) return;
    const words = wordsOf(text);
    this.#declare([...this.#waiting.keys()].filter((name) => words.has(name)));
  }

  /** Declares all of them, because an error may have come of their absence. @returns false if they were declared before */
  declareAll(): boolean {
    if (this.#waiting.size === 0) return false;
    this.#declare([...this.#waiting.keys()]);
    return true;
  }

  #declare(names: readonly string[]): void {
    for (const name of names) {
      this.#declared += this.#waiting.get(name) ?? '';
      this.#waiting.delete(name);
    }
    if (names.length > 0) this.#server.set(GLOBALS, this.#declared);
  }
}
