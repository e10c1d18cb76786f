import type { Cell } from './cell.js';
import type { Range } from './declaration.js';
import type { Node } from './parse.js';
import type { Reference } from './scope.js';

/** One statement of the shipped module. */
export interface Unit {
  /** A stable id, e.g. `cell[3].ts:helper`. */
  readonly key: string;
  /** The user's name for it. It has this name in the module too, unless two units have the same name. */
  readonly name: string;
  readonly cell: Cell | null;
  /** Its position among everything that the notebook ran. */
  readonly order: readonly [cell: number, offset: number];
  readonly form: Form;
  /** What its code uses. The closure fills this in. */
  links: readonly Link[];
  /** Other units that must come before it: the classes of a value's instances. */
  needs: readonly Unit[];
  /** The numbers of values that are put on it as properties. */
  own?: readonly number[];
}

export type Form =
  /** A class, function, enum or namespace: its statements without change. `selfScope` is the start of a class whose body uses its own name. */
  | {
      readonly as: 'statements';
      readonly parts: readonly Range[];
      readonly names: readonly Range[];
      readonly node: Node | null;
    }
  /** `const name = <source>`, with text around it. */
  | {
      readonly as: 'expression';
      readonly keyword: 'const' | 'let';
      readonly part: Range;
      readonly node: Node;
      readonly before: string;
      readonly after: string;
    }
  /** `const name = <another unit>`. */
  | { readonly as: 'alias'; readonly keyword: 'const' | 'let'; readonly target: Unit }
  /** `const name = value n`. */
  | { readonly as: 'value'; readonly keyword: 'const' | 'let'; readonly index: number }
  | { readonly as: 'import'; readonly module: string; readonly imported: string }
  /** `await import('m')` at the top level of a cell: loaded before the module runs. */
  | { readonly as: 'preload'; readonly keyword: 'const' | 'let'; readonly module: string; readonly path: string }
  /** A name that every cell has; it comes from a module of nbserve. */
  | { readonly as: 'global'; readonly module: string };

/** A reference that may have to be renamed when the module is written. */
export interface Link {
  readonly reference: Reference;
  readonly target: Unit;
  /** The reference is evaluated while the module is loaded. */
  readonly eager: boolean;
}

/** The source ranges of a unit. */
export function partsOf(unit: Unit): readonly Range[] {
  if (unit.form.as === 'statements') return unit.form.parts;
  return unit.form.as === 'expression' ? [unit.form.part] : [];
}

export function compareUnits(a: Unit, b: Unit): number {
  return a.order[0] - b.order[0] || a.order[1] - b.order[1] || (a.key < b.key ? -1 : 1);
}
