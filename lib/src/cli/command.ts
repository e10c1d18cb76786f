import { type ParseArgsConfig, parseArgs } from 'node:util';
import { defineError } from '../core/errors.js';

/** One command of the command line. */
export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** Shown by `nbserve <name> --help`; the first line is the usage. */
  readonly help: string;
  /** Runs it with the arguments after its name; returns the exit code. If it throws, the error is shown as `code: message`, and the exit code is 1. */
  run(args: readonly string[]): Promise<number>;
}

/** The command line was wrong. It ends with exit code 2. */
export const BadUsage = defineError('NBS_BAD_USAGE', 400, '{problem}\nusage: {usage}');

type Options = NonNullable<ParseArgsConfig['options']>;
type Parsed<O extends Options> = ReturnType<typeof parseArgs<{ options: O; allowPositionals: true; strict: true }>>;

/**
 * Splits a command's arguments. Too few or too many positional arguments (`positionals`) and unknown options are errors.
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
