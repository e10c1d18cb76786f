/** How objects that structured clone does not carry (a deployment handle) cross processes. */
export interface ValueExtension<T = unknown, W = unknown> {
  /** Names the extension on the wire: both ends register it under the same name. */
  readonly name: string;
  test(value: object): boolean;
  /** Structured-cloneable stand-in. May itself hold extended values. */
  encode(value: T): W;
  decode(wire: W): T;
}

const registered = new Map<string, ValueExtension>();

/** Adds an extension for this process. Registering a name again replaces it. */
export function registerValueExtension<T, W>(extension: ValueExtension<T, W>): void {
  registered.set(extension.name, extension as unknown as ValueExtension);
}

export function registeredExtensions(): ReadonlyMap<string, ValueExtension> {
  return registered;
}
