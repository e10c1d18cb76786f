import { MagicTaken } from './errors.js';

/** What a magic may use while it runs. */
export interface OwnMagicContext {
  /** The folder of shell commands: the notebook's, until `%cd` changes it. */
  readonly folder: string;
  /** Aborted when the cell is interrupted. */
  readonly signal: AbortSignal;
  /** Prints to the cell. */
  print(text: string): void;
}

/** A magic of your own. It may be for lines, for whole cells, or for both. */
export interface OwnMagic {
  /** The line that `%lsmagic` shows. @default '' */
  readonly help?: string;
  /** Runs `%name args`. A value that it returns is displayed. */
  line?(args: string, context: OwnMagicContext): unknown;
  /** Runs a cell that begins with `%%name args`. `body` is the text below this line. A value that it returns is displayed. */
  cell?(args: string, body: string, context: OwnMagicContext): unknown;
}

const own = new Map<string, OwnMagic>();
let isBuiltIn: (name: string) => boolean = () => false;

/** Magics of your own. */
export const magics = {
  /**
   * Registers `%name`, `%%name` or both. A second registration of the name replaces the first.
   * @throws NBS_MAGIC_TAKEN if the kernel has a magic of this name, or if it is no name
   */
  register(name: string, magic: OwnMagic): void {
    if (!/^[a-zA-Z_]\w*$/.test(name) || isBuiltIn(name)) throw MagicTaken({ name });
    own.set(name, magic);
  },
  /** Forgets a magic of your own. */
  unregister(name: string): void {
    own.delete(name);
  },
};

export const ownMagics = (): ReadonlyMap<string, OwnMagic> => own;

export function setBuiltIn(test: (name: string) => boolean): void {
  isBuiltIn = test;
}
