import { createRequire } from 'node:module';
import { logLevel } from './env.js';

type Write = (...line: [message: string] | [fields: object, message: string]) => void;

/** Not pino's own type, so that these declarations do not need pino's. */
export interface Log {
  readonly debug: Write;
  readonly info: Write;
  readonly warn: Write;
  readonly error: Write;
}

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

/** A logger for nbserve's own processes. It writes JSON lines to stderr. pino is loaded for the first line, because most processes never write one. */
export function createLog(component: string): Log {
  let logger: Log | undefined;
  const open = (): Log => {
    const { pino } = createRequire(import.meta.url)('pino') as typeof import('pino');
    return pino({ name: component, level: logLevel() }, pino.destination({ fd: 2, sync: true }));
  };
  const get = (): Log => (logger ??= open());
  // Loading pino takes longer than a controller's whole start, so a line below the log level does not load it.
  const wanted = Math.max(0, LEVELS.indexOf(logLevel()));
  const on = (level: keyof Log): Write => (LEVELS.indexOf(level) < wanted ? () => {} : (...line) => get()[level](...line));
  return { debug: on('debug'), info: on('info'), warn: on('warn'), error: on('error') };
}
