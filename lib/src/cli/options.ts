import { BadUsage } from './command.js';

/** @throws NBS_BAD_USAGE */
export function parsePort(usage: string, value: string | undefined): number | 'auto' {
  if (value === undefined || value === 'auto') return 'auto';
  const port = Number(value);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw BadUsage({ problem: `--port takes a number from 0 to 65535 or auto, not ${value}`, usage });
}

/** Who may call, from `--allow-host` and `--allow-origin`. */
export function accessOf(values: {
  readonly 'allow-host'?: string[] | undefined;
  readonly 'allow-origin'?: string[] | undefined;
}) {
  const { 'allow-host': allowedHosts, 'allow-origin': allowedOrigins } = values;
  return {
    ...(allowedHosts === undefined ? {} : { allowedHosts }),
    ...(allowedOrigins === undefined ? {} : { allowedOrigins }),
  };
}
