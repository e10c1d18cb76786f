import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Files beside sources that are not part of the repository: packages, Jupyter's copies, notebooks that `nbserve execute` wrote. */
const FOREIGN = /node_modules|\.ipynb_checkpoints|\.executed\.ipynb$/;

/** Paths below `folder` whose name ends with `suffix`, sorted; none if the folder is missing. */
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
