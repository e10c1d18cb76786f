import { createRequire } from 'node:module';
import type * as Sharp from 'sharp';
import { imageThreads } from '../../core/index.js';

type SharpModule = ((input?: Uint8Array | Sharp.SharpOptions, options?: Sharp.SharpOptions) => Sharp.Sharp) &
  Pick<typeof Sharp, 'concurrency'>;
let loaded: SharpModule | undefined;
/** Loads sharp for the first image. It must only get bytes, because it reads a text as the path of a file. */
export function sharp(): SharpModule {
  loaded ??= loadSharp();
  return loaded;
}

function loadSharp(): SharpModule {
  const module = createRequire(import.meta.url)('sharp') as SharpModule;
  // With glibc, sharp sets the number of threads to 1 when it is loaded, whatever the environment says.
  const threads = imageThreads();
  if (threads !== undefined) module.concurrency(threads);
  return module;
}
