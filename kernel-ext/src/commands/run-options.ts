import { readFileSync } from 'node:fs';
import { BadUsage } from 'nbserve/cli';
import { isVariableName, parseParameter, parseParameterYaml, reasonOf } from '../runner/index.js';

type Parameters = readonly (readonly [name: string, value: unknown])[];

/** How parameters are given, in papermill's order: what is given in a later way wins. */
const WAYS: readonly {
  readonly flags: readonly string[];
  /** How many texts follow the flag. */
  readonly count: 1 | 2;
  readonly takes: string;
  readonly read: (first: string, second: string) => Parameters;
}[] = [
  {
    flags: ['-b', '--parameters_base64'],
    count: 1,
    takes: 'parameters in YAML, in base64',
    read: (text) => parseParameterYaml(Buffer.from(text, 'base64').toString()),
  },
  {
    flags: ['-f', '--parameters-file', '--parameters_file'],
    count: 1,
    takes: 'a file with parameters in YAML or JSON',
    read: (file) => parseParameterYaml(readFileSync(file, 'utf8')),
  },
  { flags: ['-y', '--parameters-yaml', '--parameters_yaml'], count: 1, takes: 'parameters in YAML', read: parseParameterYaml },
  {
    flags: ['-p', '--parameter', '--parameters'],
    count: 2,
    takes: 'the name of a variable and a value',
    read: (name, text) => [[name, parseParameter(text)]],
  },
  {
    flags: ['-r', '--parameter-raw', '--parameters_raw'],
    count: 2,
    takes: 'the name of a variable and a value',
    read: (name, text) => [[name, text]],
  },
];

/** Reads `-p name value` and its like: options with two values, which `parseArgs` cannot read. @throws NBS_BAD_USAGE */
export function takeParameters(args: readonly string[], usage: string): { rest: string[]; parameters: [string, unknown][] } {
  const rest: string[] = [];
  const found: Parameters[][] = WAYS.map(() => []);
  for (let i = 0; i < args.length; i += 1) {
    const flag = args[i] as string;
    const at = WAYS.findIndex(({ flags }) => flags.includes(flag));
    const way = WAYS[at];
    if (way === undefined) {
      rest.push(flag);
      continue;
    }
    const given = args.slice(i + 1, i + 1 + way.count);
    const bad = (why: string, cause?: unknown): Error => BadUsage({ problem: `${flag} takes ${way.takes}${why}`, usage }, cause);
    if (given.length < way.count) throw bad('');
    const [first = '', second = ''] = given;
    found[at]?.push(readAs(way.read, first, second, bad));
    i += way.count;
  }
  return { rest, parameters: found.flat(2).map(([name, value]) => [name, value]) };
}

function readAs(
  read: (first: string, second: string) => Parameters,
  first: string,
  second: string,
  bad: (why: string, cause?: unknown) => Error,
): Parameters {
  let parameters: Parameters;
  try {
    parameters = read(first, second);
  } catch (error) {
    throw bad(`, not ${first}: ${reasonOf(error)}`, error);
  }
  const wrong = parameters.find(([name]) => !isVariableName(name));
  if (wrong === undefined) return parameters;
  throw bad(wrong[0] === first ? '' : `; ${wrong[0]} is no name of a variable`);
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
