import { deferred } from '../core/index.js';

const gone = deferred<void>();
let isGone = false;
let isLossTold = false;

/**
 * To be called once, before anything is printed. From then on, a reader that goes away (`| head`, a pager that is quit) ends nothing by itself, and what is
 * printed after that is lost. So is what a full disk does not take, as with `console.log`; stderr then says it once.
 */
export function allowGoneReaders(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // The terminal was closed, and the shell has sent no SIGHUP: a command in its background goes on.
      if (error.code === 'EIO') return;
      if (error.code === 'EPIPE') {
        isGone = true;
        gone.resolve();
      } else if (stream === process.stdout && !isLossTold) {
        // An error that is thrown here would end a command in the middle of its work.
        isLossTold = true;
        console.error(`the output could not be written: ${error.message}`);
      }
    });
  }
}

/** Whether somebody who read the output has gone. */
export const isOutputGone = (): boolean => isGone;

/** Resolves when somebody who read the output has gone, and something more was printed. */
export const outputGone = (): Promise<void> => gone.promise;

/** What a command says then to who still reads. */
export const OUTPUT_GONE = 'nobody reads the output any more';
