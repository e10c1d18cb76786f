import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** What lies beside sources and is not ours: packages, copies that Jupyter keeps, notebooks that `nbserve execute` wrote. */
const FOREIGN = /node_modules|\.ipynb_checkpoints|\.executed\.ipynb$/;

/** Paths below `folder` whose name ends with `suffix`, sorted; none where the folder is missing. */
export function findFiles(folder, suffix) {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith(suffix) && !FOREIGN.test(name))
      .map((name) => join(folder, name))
      .sort();
  } catch {
    return [];
  }
}
