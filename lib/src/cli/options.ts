import { type ParseArgsConfig, parseArgs } from 'node:util';
import { BadUsage } from './errors.js';

type Options = NonNullable<ParseArgsConfig['options']>;
type Parsed<O extends Options> = ReturnType<typeof parseArgs<{ options: O; allowPositionals: true; strict: true }>>;

/**
 * Splits a command's arguments. A number of positional arguments outside of `positionals` is an error, as is an unknown option.
 * @throws NBS_BAD_USAGE
 */
export function parseCommand<const O extends Options>(
  usage: string,
  args: readonly string[],
  options: O,
  positionals: readonly [min: number, max: number],
): Parsed<O> {
  try {
    const parsed = parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
    const [min, max] = positionals;
    if (parsed.positionals.length < min) throw new Error('an argument is missing');
    if (parsed.positionals.length > max) throw new Error(`unexpected argument ${parsed.positionals[max]}`);
    return parsed as Parsed<O>;
  } catch (error) {
    throw BadUsage({ problem: (error as Error).message, usage });
  }
}

/** @throws NBS_BAD_USAGE */
export function parsePort(usage: string, value: string | undefined): number | 'auto' {
  if (value === undefined || value === 'auto') return 'auto';
  const port = Number(value);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw BadUsage({ problem: `--port takes a number from 0 to 65535 or auto, not ${value}`, usage });
}

/** Who may call, of `--allow-host` and `--allow-origin`. */
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
