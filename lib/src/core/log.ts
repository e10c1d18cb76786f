import { createRequire } from 'node:module';
import type { Logger } from 'pino';
import { logLevel } from './env.js';

export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>;

/** A logger of nbserve's own processes; writes JSON lines to stderr. pino is loaded at the first line: most processes never write one. */
export function createLog(component: string): Log {
  let logger: Logger | undefined;
  const open = (): Logger => {
    const { pino } = createRequire(import.meta.url)('pino') as typeof import('pino');
    return pino({ name: component, level: logLevel() }, pino.destination({ fd: 2, sync: true }));
  };
  const get = (): Logger => (logger ??= open());
  return {
    debug: (...a: [string]) => get().debug(...a),
    info: (...a: [string]) => get().info(...a),
    warn: (...a: [string]) => get().warn(...a),
    error: (...a: [string]) => get().error(...a),
  } as Log;
}
