import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { FolderRequire } from './types.js';

/** A `require` that resolves packages from `folder`. */
export function requireFrom(folder: string): FolderRequire {
  return createRequire(join(folder, 'noop.js'));
}

/** `import()` that resolves from `folder`. */
export function importFrom(_folder: string): (id: string) => Promise<Record<string, unknown>> {
  return async (id) => (await import(id)) as Record<string, unknown>;
}
