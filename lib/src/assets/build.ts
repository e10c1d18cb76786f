import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { NoConverter } from './errors.js';
import { idxHead, readIdx, writeIdx } from './idx.js';
import type { Asset } from './manifest.js';

/** Makes an asset's bytes from its source's. The same source gives the same bytes, on every machine. */
export type Build = (source: Uint8Array) => Uint8Array | Promise<Uint8Array>;

/**
 * How an asset is built.
 * @param converters the absolute path of the module whose export `converters` has the functions that the manifest names
 * @throws NBS_NO_CONVERTER
 */
export async function builderOf({ name, builder }: Asset, converters: string | undefined): Promise<Build> {
  switch (builder.kind) {
    case 'copy':
    case 'by-hand':
      return (source) => source;
    case 'idx-head':
      return (source) => writeIdx(idxHead(readIdx(source, name), builder.count));
    case 'converter': {
      if (converters === undefined || !existsSync(converters))
        throw NoConverter({ name, reason: `there is no ${String(converters)}; npm run build in the repository makes it` });
      const module = (await import(pathToFileURL(converters).href)) as { readonly converters?: Readonly<Record<string, Build>> };
      const found = module.converters?.[builder.name];
      if (found === undefined) throw NoConverter({ name, reason: `${converters} has no converter ${builder.name}` });
      return found;
    }
  }
}
