import { esbuild, SHARED } from './compile.js';
import { loadParser } from './parse.js';

/** Loads parser, assembler and compiler in the background, so that the first `pack` does not wait for them. */
export function warm(): void {
  const start = async (): Promise<void> => {
    const { transform } = await esbuild();
    await transform('@d class A {}', SHARED);
    await import('./package.js');
    loadParser();
  };
  // If it fails, the first `pack` fails with the same error.
  start().catch(() => undefined);
}
