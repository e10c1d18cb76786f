import { esbuild, SHARED } from './compile.js';
import { loadParser } from './parse.js';

/** Loads parser, assembler and compiler in the background, so that the first pack doesn't wait for them. */
export function warm(): void {
  const start = async (): Promise<void> => {
    const { transform } = await esbuild();
    await transform('@d class A {}', SHARED);
    await import('./package.js');
    loadParser();
  };
  // Where it fails, the first pack says so.
  start().catch(() => undefined);
}
