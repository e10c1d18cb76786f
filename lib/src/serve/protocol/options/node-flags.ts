import { InvalidOption, type OptionSpec, shownValue } from '../../../core/index.js';

/**
 * Flags that would keep a replica from working, or open a port that runs code for whoever connects. Flags that give Node something else to run, such as
 * `--eval` and `--test`, are not among those that Node allows in `NODE_OPTIONS`.
 */
const REFUSED =
  /^--(inspect|debug-port$|permission|experimental-permission|allow-|experimental-policy|policy-|input-type|experimental-default-type|watch|test|env-file|prof-process|snapshot-blob)/;
/** V8's, which Node does not list. */
const ALSO = new Set(['--expose-gc', '--stack-size']);

const EXPECTED =
  "a list of flags that NODE_OPTIONS allows, each in one text such as '--max-old-space-size=512'; also --expose-gc and --stack-size; --inspect, --permission, --watch, --test and --env-file are not possible";

export const nodeFlags: OptionSpec<readonly string[] | undefined> = {
  doc: "Flags of Node for the replica's process, such as `'--max-old-space-size=512'` (MiB). Set it for limits on memory, or to load a module first (`'--import=…'`). Such a replica is not made from a spare process, so it starts slower.",
  type: 'readonly string[]',
  expected: EXPECTED,
  default: undefined,
  defaultText: 'no flags',
  parse: (value) => {
    if (!Array.isArray(value)) return undefined;
    for (const flag of value) if (typeof flag !== 'string' || !isPossible(flag)) refuse(flag);
    return value as string[];
  },
};

function isPossible(flag: string): boolean {
  const [name = ''] = flag.split('=', 1);
  // Node reads underscores as dashes.
  const plain = name.replaceAll('_', '-');
  if (!/^--[a-z]/.test(plain) || REFUSED.test(plain) || flag.includes('\0')) return false;
  return ALSO.has(plain) || process.allowedNodeEnvironmentFlags.has(plain);
}

function refuse(flag: unknown): never {
  throw InvalidOption({
    where: 'runtimeEnv',
    option: 'nodeFlags',
    expected: EXPECTED,
    value: shownValue(flag),
  });
}
