import { relative } from 'node:path';

/** Tells from which cell a module comes: `cell 3`. */
export type CellOf = (slot: number) => string | undefined;

const IMPORTED = /import\("([^"]*)"\)\.([\p{ID_Continue}$]+(?:\.[\p{ID_Continue}$]+)*)/gu;
const QUOTED = new RegExp(`'${IMPORTED.source}'`, 'gu');

/**
 * Makes messages of the checker readable: `import("…/__nbs_cell_3").Point` becomes `Point`. If a message is about two types with one name, it says where each
 * comes from: `'Point' (cell 1)`.
 */
export function readable(message: string, folder: string, cellOf: CellOf): string {
  const places = new Map<string, Set<string>>();
  for (const [, path = '', name = ''] of message.matchAll(IMPORTED))
    places.set(name, (places.get(name) ?? new Set()).add(placeOf(path, folder, cellOf)));
  const shown = (all: string, path: string, name: string, quote: string): string => {
    const place = placeOf(path, folder, cellOf);
    if (place !== '' && (places.get(name)?.size ?? 0) > 1) return `${quote}${name}${quote} (${place})`;
    return path.includes('/__nbs_') ? `${quote}${name}${quote}` : all;
  };
  return message
    .replaceAll(QUOTED, (all, path: string, name: string) => shown(all, path, name, "'"))
    .replaceAll(IMPORTED, (all, path: string, name: string) => shown(all, path, name, ''))
    .replaceAll(/__nbs\.[ct]\d+\.?/g, '')
    .replaceAll(/__nbs_(?:own|ran|first)_/g, '');
}

function placeOf(path: string, folder: string, cellOf: CellOf): string {
  const slot = /\/__nbs_cell_(\d+)$/.exec(path)?.[1];
  if (slot !== undefined) return cellOf(Number(slot)) ?? '';
  const file = relative(folder, path);
  const before = file.replace(/__nbs_was\d+_/, '');
  return before === file ? file : `${before}, before it changed`;
}
