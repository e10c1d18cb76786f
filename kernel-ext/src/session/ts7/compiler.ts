import { createRequire } from 'node:module';
import type { TransformOptions, TransformResult } from 'esbuild';
import { isCompilerGone } from 'nbserve/basics';

const own = createRequire(import.meta.url);
let loaded: typeof import('esbuild') | undefined;

/** Compiles with esbuild, which is loaded when a cell first needs it. If its service answers no more, a new one is asked. */
export function transformSync(text: string, options: TransformOptions): TransformResult {
  loaded ??= own('esbuild') as typeof import('esbuild');
  const { transformSync: transform, stop } = loaded;
  try {
    return transform(text, options);
  } catch (error) {
    if (!isCompilerGone(error)) throw error;
    void stop();
    return transform(text, options);
  }
}
