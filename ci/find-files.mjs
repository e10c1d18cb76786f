import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Paths below `folder` whose name ends with `suffix`, sorted; none where the folder is missing. */
export function findFiles(folder, suffix) {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith(suffix) && !name.includes('node_modules'))
      .map((name) => join(folder, name))
      .sort();
  } catch {
    return [];
  }
}
