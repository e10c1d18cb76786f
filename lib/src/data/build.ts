import { NoBuilder } from './errors.js';
import { idxHead, readIdx, writeIdx } from './idx.js';
import type { Asset, Builder } from './manifest.js';

/** Makes an asset's bytes from its source's. The same source gives the same bytes, on every machine. */
export type Build = (source: Uint8Array) => Uint8Array;

/** Builders that only the repository has: they make the files that are committed there. */
export type OwnBuilders = Readonly<Partial<Record<Builder['kind'], Build>>>;

/** @throws NBS_NO_BUILDER if the asset is made in the repository only */
export function builderOf({ name, builder }: Asset, own: OwnBuilders): Build {
  const given = own[builder.kind];
  if (given !== undefined) return given;
  switch (builder.kind) {
    case 'copy':
      return (source) => source;
    case 'idx-head':
      return (source) => writeIdx(idxHead(readIdx(source, name), builder.count));
    case 'mnist-cnn':
      throw NoBuilder({ name });
  }
}
