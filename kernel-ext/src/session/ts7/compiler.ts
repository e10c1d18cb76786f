import { createRequire } from 'node:module';
import type { TransformOptions, TransformResult } from 'esbuild';

const own = createRequire(import.meta.url);
let loaded: typeof import('esbuild') | undefined;

/** The process that compiles was killed, or the notebook's own call of esbuild was interrupted while it waited for the answer. */
const NEEDS_NEW_SERVICE = /service (?:is no longer running|was stopped)|Expected id/;

/** Compiles with esbuild, which is loaded when a cell first needs it. If its service answers no more, a new one is asked. */
export function transformSync(text: string, options: TransformOptions): TransformResult {
  loaded ??= own('esbuild') as typeof import('esbuild');
  const { transformSync: transform, stop } = loaded;
  try {
    return transform(text, options);
  } catch (error) {
    if (!NEEDS_NEW_SERVICE.test(String(error))) throw error;
    void stop();
    return transform(text, options);
  }
}
