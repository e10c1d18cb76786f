import { type ParseArgsConfig, parseArgs } from 'node:util';
import { defineError } from 'nbserve/host';

/** A command of `nbserve`, found by its command line (`lib/src/cli/command.ts` has the same shape). */
export interface Command {
  readonly name: string;
  readonly summary: string;
  readonly help: string;
  run(args: readonly string[]): Promise<number>;
}

/** The code that the command line turns into exit code 2. */
export const BadUsage = defineError('NBS_BAD_COMMAND_USAGE', 400, '{problem}\nusage: {usage}');

type Options = NonNullable<ParseArgsConfig['options']>;
type Parsed<O extends Options> = ReturnType<typeof parseArgs<{ options: O; allowPositionals: true; strict: true }>>;

/** @throws NBS_BAD_COMMAND_USAGE */
export function parseCommand<const O extends Options>(
  usage: string,
  args: readonly string[],
  options: O,
  [min, max]: readonly [min: number, max: number],
): Parsed<O> {
  try {
    const parsed = parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
    if (parsed.positionals.length < min) throw new Error('an argument is missing');
    if (parsed.positionals.length > max) throw new Error(`unexpected argument ${parsed.positionals[max]}`);
    return parsed as Parsed<O>;
  } catch (error) {
    throw BadUsage({ problem: (error as Error).message, usage });
  }
}
