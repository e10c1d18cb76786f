import { buildMnistCnn } from './convert/mnist-cnn.js';
import { idxHead, readIdx, writeIdx } from './idx.js';
import type { Builder } from './manifest.js';

/** Makes an asset's bytes of its source's. The same source gives the same bytes, on every machine. */
export function build(builder: Builder, source: Uint8Array, name: string): Uint8Array {
  switch (builder.kind) {
    case 'copy':
      return source;
    case 'mnist-cnn':
      return buildMnistCnn(source);
    case 'idx-head':
      return writeIdx(idxHead(readIdx(source, name), builder.count));
  }
}
