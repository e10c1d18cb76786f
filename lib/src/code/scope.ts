/** A scope of names inside a cell. */
export interface Scope {
  readonly kind: 'module' | 'function' | 'block' | 'class';
  readonly parent: Scope | null;
  readonly names: Set<string>;
  /** Names exported by other blocks of the same namespace or enum. */
  readonly merged?: Set<string>;
  /** The range of the syntax that opens the scope. */
  readonly start: number;
  readonly end: number;
  /** For messages: the function's or class's name. */
  readonly label?: string;
}

/** One use of a name in a value position. */
export interface Reference {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly scope: Scope;
  /** `mutate` is a write through it: `x.a = 1`, `delete x.a`. */
  readonly kind: 'read' | 'write' | 'mutate' | 'typeof';
  /** `{ x }`: a rename has to write `x: renamed`. */
  readonly shorthand: boolean;
  /** How many bodies that run later (functions, instance fields) are around it. */
  readonly depth: number;
}

/** A dynamic `import(…)`. `module` is its literal argument, if it is one. */
export interface DynamicImport {
  readonly start: number;
  readonly module: string | null;
}

/** The scope that declares the name of a reference; null if the cell does not declare it. */
export function resolve(reference: Reference): Scope | null {
  for (let scope: Scope | null = reference.scope; scope; scope = scope.parent) {
    if (scope.names.has(reference.name) || scope.merged?.has(reference.name)) return scope;
  }
  return null;
}

/** The scope that a `var` goes to. */
export function functionScope(scope: Scope): Scope {
  let target = scope;
  while (target.parent && target.kind !== 'function') target = target.parent;
  return target;
}

/** The nearest named function or class around a scope, for messages. */
export function labelOf(scope: Scope | null): string | undefined {
  for (let at = scope; at; at = at.parent) if (at.label !== undefined) return at.label;
  return undefined;
}
