import { InvalidOption, isRecord, type OptionSpec, shownValue } from '../../../core/index.js';
import type { NpmPackages } from '../config.js';

/** https://docs.npmjs.com/cli/configuring-npm/package-json#name; older packages may have upper-case letters. */
const NAME = /^(?:@[a-z0-9~][a-z0-9._~-]*\/)?[a-z0-9~][a-z0-9._~-]*$/i;
const NAME_MAX = 214;
/** Versions, ranges and tags. What begins with a dot or ends as an archive would be a path to npm; a URL or `owner/name` has other characters. */
const RANGE = /^(?!\.)(?!.*\.(?:tgz|tar|tar\.gz)$)[\w.^~<>=|*+ -]+$/i;

const EXPECTED =
  "a list such as ['left-pad@1.3.0'], an object such as { 'left-pad': '^1.3.0' }, or the path of a package.json; with packages of the npm registry only: a name and a version, range or tag";

export const npmPackages: OptionSpec<NpmPackages | undefined> = {
  doc: 'npm packages that only this deployment uses: a list, an object of names and versions, or the path of a `package.json` (a `package-lock.json` beside it is followed). They are installed once, into a folder that all replicas with the same list share, and no install script runs. Set it if the deployment needs another version of a package than the rest.',
  type: 'readonly string[] | Readonly<Record<string, string>> | string',
  expected: EXPECTED,
  default: undefined,
  defaultText: "the packages of the notebook's or module's folder",
  parse: (value) => {
    if (typeof value === 'string') return /(^|\/)package\.json$/.test(value) ? { dependencies: {}, file: value } : undefined;
    if (Array.isArray(value)) return value.every((entry) => typeof entry === 'string') ? fromList(value) : undefined;
    if (!isRecord(value)) return undefined;
    const entries = Object.entries(value);
    for (const [name, range] of entries) if (!isRegistryPackage(name, range)) refuse(`${name}: ${String(range)}`);
    return packagesOf(entries as [string, string][]);
  },
};

/** True if npm looks the package up in its registry: neither a path, nor a URL, nor a flag. */
export function isRegistryPackage(name: string, range: unknown): range is string {
  if (!NAME.test(name) || name.length > NAME_MAX || typeof range !== 'string') return false;
  const [, alias, aliasRange] = /^npm:(.+?)(?:@([^@]+))?$/.exec(range) ?? [];
  return alias === undefined ? RANGE.test(range) : NAME.test(alias) && (aliasRange === undefined || RANGE.test(aliasRange));
}

function fromList(list: readonly string[]): NpmPackages {
  const entries = list.map((entry): [string, string] => {
    const at = entry.indexOf('@', 1);
    return at < 0 ? [entry, 'latest'] : [entry.slice(0, at), entry.slice(at + 1)];
  });
  for (const [i, [name, range]] of entries.entries()) {
    if (!isRegistryPackage(name, range)) refuse(list[i] as string);
    if (entries.findIndex(([other]) => other === name) !== i) refuse(`${name} twice`);
  }
  return packagesOf(entries);
}

/** The same packages in another order are the same. */
function packagesOf(entries: readonly [string, string][]): NpmPackages {
  return { dependencies: Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1))) };
}

function refuse(value: string): never {
  throw InvalidOption({ where: 'runtimeEnv', option: 'npm', expected: EXPECTED, value: shownValue(value) });
}
