import type { Client } from '../host/index.js';
import { OUTPUT_GONE, outputGone } from './output-gone.js';
import { RUNNER_GONE } from './package-runner.js';

/** The proxy and the replicas have half of it each: 20 s, a replica's default. A second Ctrl-C ends the wait. */
export const DRAIN_MS = 40_000;

/**
 * Resolves with the exit code: 0 after Ctrl-C, SIGTERM, the end of the npx that has started the command, or that of who read its output; 1 if the cluster ended
 * by itself.
 */
export function untilInterrupted(client: Client, runnerGone: Promise<void>): Promise<number> {
  return new Promise((resolveWith) => {
    let asked = false;
    const stop = (): void => {
      if (asked) process.exit(130);
      asked = true;
      console.log('draining…');
      resolveWith(0);
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
    const stopIf = (event: Promise<void>, what: string): void =>
      void event.then(() => {
        if (asked) return;
        console.error(what);
        stop();
      });
    stopIf(runnerGone, RUNNER_GONE);
    stopIf(outputGone(), OUTPUT_GONE);
    void client.cluster.exited.then(({ name }) => {
      if (asked) return;
      console.error(`the cluster ended: ${name}`);
      resolveWith(1);
    });
  });
}
