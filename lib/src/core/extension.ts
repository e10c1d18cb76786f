/**
 * How an object is sent that neither structured clone nor JSON can carry, such as a deployment handle: between processes, and among the values that
 * shipped code has captured. Both ends register the extension.
 */
export interface ValueExtension<T = unknown, W = unknown> {
  /** Its name in messages, the same at both ends. */
  readonly name: string;
  test(value: object): boolean;
  /** Returns what is sent instead of the value: something that structured clone can carry; for captured values, JSON. It may contain other extended values. If it throws, the value is refused. */
  encode(value: T): W;
  decode(wire: W): T;
}

const registered = new Map<string, ValueExtension>();

/** Registers an extension in this process. It replaces one of the same name. */
export function registerExtension<T, W>(extension: ValueExtension<T, W>): void {
  registered.set(extension.name, extension as unknown as ValueExtension);
}

export function registeredExtensions(): ReadonlyMap<string, ValueExtension> {
  return registered;
}
