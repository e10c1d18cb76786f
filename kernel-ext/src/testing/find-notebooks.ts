import { type Dirent, existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** False for Jupyter's checkpoints and for notebooks that `nbserve execute` writes, which are copies. */
export const isNotebook = (file: string): boolean =>
  file.endsWith('.ipynb') && !/\.executed\.ipynb$|-checkpoint\.ipynb$|[/\\]\.ipynb_checkpoints[/\\]/.test(file);

/**
 * The notebooks of a path, sorted. A folder stands for the notebooks in it and below it, but not in folders whose name begins with a dot, nor in
 * `node_modules`, nor in the folder `without`. Links to folders are followed; a folder that is reached in several ways is searched once. Folders behind links that
 * cannot be read are passed over. Any other path stands for itself, also if it is missing or no notebook: that is found out when it is run.
 */
export function findNotebooks(path: string, without = ''): readonly string[] {
  if (!isFolder(path)) return [path];
  const hidden = isFolder(without) ? realpathSync(without) : '';
  const found: string[] = [];
  const seen = new Set<string>();
  const folders = [path];
  // They come last: a folder that is reached without a link keeps its own name.
  const linked: string[] = [];
  const behindLink = new Set<string>();
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop() ?? linked.shift()) {
    let entries: Dirent[];
    try {
      const real = realpathSync(folder);
      if (seen.has(real) || (real === hidden && folder !== path)) continue;
      entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
      seen.add(real);
    } catch (error) {
      // Nobody has asked for what cannot be read behind a link.
      if (behindLink.has(folder)) continue;
      throw error;
    }
    for (const entry of entries) {
      const inner = join(folder, entry.name);
      const isLink = entry.isSymbolicLink();
      if (!(isLink ? isFolder(inner) : entry.isDirectory())) {
        if (isNotebook(inner)) found.push(inner);
      } else if (!entry.name.startsWith('.') && entry.name !== 'node_modules') {
        (isLink ? linked : folders).push(inner);
        if (isLink || behindLink.has(folder)) behindLink.add(inner);
      }
    }
  }
  return found.sort();
}

/** Each file once, in their order: a link and its target are one notebook. It has its own name if that is among the names, else the first one. */
export function withoutTwice(files: readonly string[]): readonly string[] {
  const found = new Map<string, string>();
  for (const file of files) {
    const real = existsSync(file) ? realpathSync(file) : file;
    if (!found.has(real) || real === file) found.set(real, file);
  }
  return [...found.values()];
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    // It is missing, or a link to itself.
    return false;
  }
}
