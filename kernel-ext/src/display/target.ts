import { randomUUID } from 'node:crypto';
import type { MimeBundle } from './bundle.js';

/** Where `display` shows things; the session says which cell that is. */
export interface DisplayTarget {
  display(bundle: MimeBundle, options?: { displayId?: string; update?: boolean }): void;
  clear(wait: boolean): void;
}

let find: () => DisplayTarget | undefined = () => undefined;

export function setDisplayTarget(finder: () => DisplayTarget | undefined): void {
  find = finder;
}

export function displayTarget(): DisplayTarget | undefined {
  return find();
}

export function newDisplayId(): string {
  return randomUUID();
}
