import { randomUUID } from 'node:crypto';
import type { MimeBundle } from './bundle.js';

/** Where `display` shows things; the session says which cell that is. */
export interface DisplayTarget {
  display(bundle: MimeBundle, options?: { displayId?: string; update?: boolean }): void;
  clear(wait: boolean): void;
  /** Whose texts its reader shows in colours. */
  readonly colors?: 'errors' | 'all';
}

let find: () => DisplayTarget | undefined = () => undefined;

export function setDisplayTarget(finder: () => DisplayTarget | undefined): void {
  find = finder;
}

let load: (id: string) => Promise<object> | undefined = () => undefined;

/** Says how packages of the notebook's folder are imported. */
export function setPackageImporter(importer: (id: string) => Promise<object> | undefined): void {
  load = importer;
}

/** A package of the notebook's folder. Rejects where it is not there. */
export async function importPackage(id: string): Promise<object> {
  const found = await load(id);
  if (found === undefined) throw new Error(`there is no notebook to import ${id} from`);
  return found;
}

export function displayTarget(): DisplayTarget | undefined {
  return find();
}

export function newDisplayId(): string {
  return randomUUID();
}
