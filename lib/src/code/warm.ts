import { esbuild, SHARED } from './compile.js';
import { loadParser } from './parse.js';

/**
 * Loads parser, assembler and compiler in the background, so that the first `pack` does not wait for them. Parser and compiler are loaded before it returns:
 * if code that loads them were terminated, nobody would ever get them.
 */
export function warm(): void {
  const start = async (): Promise<void> => {
    const loading = esbuild();
    loadParser();
    await loading;
    await import('./package.js');
  };
  inBackground(start);
}

let begun = false;

/** Starts the compiler's process in the background. The process takes 10 MiB, so it is started when code will soon be packed. */
export function startCompiler(): void {
  if (begun) return;
  begun = true;
  inBackground(async () => {
    const { transform } = await esbuild();
    await transform('@d class A {}', SHARED);
  });
}

/** If the work fails, the first `pack` fails with the same error. */
function inBackground(work: () => Promise<void>): void {
  work().catch(() => undefined);
}
