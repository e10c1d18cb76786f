import type { ShipExtension } from './types.js';

const extensions = new Map<string, ShipExtension>();

/** Adds an extension; one of the same name is replaced. */
export function registerShipExtension(extension: ShipExtension): void {
  extensions.set(extension.name, extension);
}

export function extensionFor(value: object): ShipExtension | undefined {
  for (const extension of extensions.values()) if (extension.test(value)) return extension;
  return undefined;
}

export function extensionNamed(name: string): ShipExtension | undefined {
  return extensions.get(name);
}
