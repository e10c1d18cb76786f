import { type ParseArgsConfig, parseArgs } from 'node:util';
import { defineError } from '../core/errors.js';

/** One command of the command line. */
export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** Shown by `nbserve <name> --help`; the first line is the usage. */
  readonly help: string;
  /** Runs it with the arguments behind its name; returns the exit code. Errors that it throws are shown as `code: message`, exit code 1. */
  run(args: readonly string[]): Promise<number>;
}

/** A command was typed wrong. The command line ends with exit code 2. */
export const BadUsage = defineError('NBS_BAD_USAGE', 400, '{problem}\nusage: {usage}');

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
