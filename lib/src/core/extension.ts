/**
 * How objects that neither structured clone nor JSON carries (a deployment handle) travel: between processes, and in values that shipped code has captured.
 * Both ends register it.
 */
export interface ValueExtension<T = unknown, W = unknown> {
  /** Its name on the wire, the same at both ends. */
  readonly name: string;
  test(value: object): boolean;
  /** Returns what stands for the value: what structured clone carries, and for captured values JSON. It may hold extended values. An error refuses the value. */
  encode(value: T): W;
  decode(wire: W): T;
}

const registered = new Map<string, ValueExtension>();

/** Adds an extension for this process. One of the same name is replaced. */
export function registerExtension<T, W>(extension: ValueExtension<T, W>): void {
  registered.set(extension.name, extension as unknown as ValueExtension);
}

export function registeredExtensions(): ReadonlyMap<string, ValueExtension> {
  return registered;
}
