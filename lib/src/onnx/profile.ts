import { load } from './load.js';
import type { LoadOptions } from './options.js';
import { type RunProfile, withProfile } from './run-profile.js';
import type { Feeds, Tensor } from './types.js';

/**
 * Runs a model once, and tells which of its operators ran on which device: a device runs those for which it has a kernel, and the CPU runs the others.
 * The model is loaded for it, with a profile of ONNX Runtime, and disposed again.
 * @param model the path or file URL of an `.onnx` file, or its bytes
 * @throws what {@link load} and a run throw
 */
export function profile(model: string | URL | Uint8Array, feeds: Feeds | Tensor, options: LoadOptions = {}): Promise<RunProfile> {
  return withProfile(async (prefix) => {
    const loaded = await load(model, { ...options, runIn: 'loop', profilePrefix: prefix } as LoadOptions);
    try {
      await loaded.run(feeds);
    } finally {
      await loaded.dispose();
    }
  });
}
