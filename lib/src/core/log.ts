import { createRequire } from 'node:module';
import type { Logger } from 'pino';
import { logLevel } from './env.js';

export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>;

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

/** A logger of nbserve's own processes; writes JSON lines to stderr. pino is loaded at the first line: most processes never write one. */
export function createLog(component: string): Log {
  let logger: Logger | undefined;
  const open = (): Logger => {
    const { pino } = createRequire(import.meta.url)('pino') as typeof import('pino');
    return pino({ name: component, level: logLevel() }, pino.destination({ fd: 2, sync: true }));
  };
  const get = (): Logger => (logger ??= open());
  // Loading pino takes longer than a controller's whole start: lines that are not wanted do not load it.
  const wanted = Math.max(0, LEVELS.indexOf(logLevel()));
  const on = (level: 'debug' | 'info' | 'warn' | 'error') =>
    LEVELS.indexOf(level) < wanted ? () => {} : (...a: [string]) => get()[level](...a);
  return { debug: on('debug'), info: on('info'), warn: on('warn'), error: on('error') } as Log;
}
