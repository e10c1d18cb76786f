import { BadUsage } from 'nbserve/cli';
import { isVariableName, parseParameter } from '../runner/index.js';

const PARAMETER: ReadonlyMap<string, (text: string) => unknown> = new Map([
  ...['-p', '--parameter', '--parameters'].map((flag) => [flag, parseParameter] as const),
  ...['-r', '--parameter-raw', '--parameters_raw'].map((flag) => [flag, (text: string): unknown => text] as const),
]);

/** Reads `-p name value`: an option with two values, which `parseArgs` cannot read. @throws NBS_BAD_USAGE */
export function takeParameters(args: readonly string[], usage: string): { rest: string[]; parameters: [string, unknown][] } {
  const rest: string[] = [];
  const parameters: [string, unknown][] = [];
  for (let i = 0; i < args.length; i += 1) {
    const flag = args[i] as string;
    const parse = PARAMETER.get(flag);
    if (parse === undefined) {
      rest.push(flag);
      continue;
    }
    const [name, value] = [args[i + 1], args[i + 2]];
    if (name === undefined || value === undefined || !isVariableName(name)) {
      throw BadUsage({ problem: `${flag} takes the name of a variable and a value`, usage });
    }
    parameters.push([name, parse(value)]);
    i += 2;
  }
  return { rest, parameters };
}

/** The longest time that a timer can have. A timer with a longer time fires at once. */
const LONGEST_MS = 2 ** 31 - 1;

/** `--timeout <seconds>` in milliseconds; `null` is no limit. @throws NBS_BAD_USAGE */
export function parseTimeout(text: string | undefined, usage: string, option = '--timeout'): number | null {
  if (text === undefined) return null;
  const ms = Number(text) * 1000;
  if (Number.isFinite(ms) && ms > 0) return ms > LONGEST_MS ? null : ms;
  throw BadUsage({ problem: `${option} takes seconds, more than 0, not ${text}`, usage });
}
