import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** False for Jupyter's checkpoints and for notebooks that `nbserve execute` writes, which are copies. */
export const isNotebook = (file: string): boolean =>
  file.endsWith('.ipynb') && !/\.executed\.ipynb$|-checkpoint\.ipynb$|[/\\]\.ipynb_checkpoints[/\\]/.test(file);

/**
 * The notebooks of a path, sorted. A folder stands for the notebooks in it and below it, but not in folders whose name begins with a dot, nor in
 * `node_modules`, nor in the folder `without`. Any other path stands for itself, also if it is missing or no notebook: that is found out when it is run.
 */
export function findNotebooks(path: string, without = ''): readonly string[] {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return [path];
  const found: string[] = [];
  const entries = readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const inner = join(path, entry.name);
    const folder = entry.isDirectory();
    if (inner === without) continue;
    if (folder && !entry.name.startsWith('.') && entry.name !== 'node_modules') found.push(...findNotebooks(inner, without));
    else if (!folder && isNotebook(inner)) found.push(inner);
  }
  return found;
}
