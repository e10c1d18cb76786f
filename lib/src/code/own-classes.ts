/** A class of nbserve itself that can be deployed. Its code is not sent: a replica imports it from the installed package. */
export interface OwnClass {
  /** The name under which its module exports it. */
  readonly name: string;
  /** URL of the module. */
  readonly module: string;
}

const classes = new WeakMap<object, OwnClass>();

/** Notes that a class is exported by a module of this package. */
export function noteOwnClass(target: object, own: OwnClass): void {
  classes.set(target, own);
}

export const ownClassOf = (target: object): OwnClass | undefined => classes.get(target);
