import { randomUUID } from 'node:crypto';
import type { MimeBundle } from './bundle.js';

/** The output in which `display` shows values. The session sets it for each cell. */
export interface DisplayTarget {
  display(bundle: MimeBundle, options?: { displayId?: string; update?: boolean }): void;
  clear(wait: boolean): void;
  /** Which texts have colours: only errors, or results too. If absent, no text has colours. */
  readonly colors?: 'errors' | 'all';
}

let find: () => DisplayTarget | undefined = () => undefined;

export function setDisplayTarget(finder: () => DisplayTarget | undefined): void {
  find = finder;
}

let load: (id: string) => Promise<object> | undefined = () => undefined;

/** Sets the function that imports packages of the notebook's folder. */
export function setPackageImporter(importer: (id: string) => Promise<object> | undefined): void {
  load = importer;
}

/** Imports a package of the notebook's folder. Rejects if it is not installed. */
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
