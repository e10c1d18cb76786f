import { execFile } from 'node:child_process';
import { delimiter, dirname } from 'node:path';
import { childEnv, isRecord, programPath } from '../core/index.js';

type Entry = Readonly<Record<string, unknown>>;

/**
 * A package that a `package-lock.json` takes from elsewhere than a registry, with its address: `b: "git+ssh://…"`; `undefined` if there is none.
 * @param folder the folder of the file, whose `.npmrc` may name registries
 */
export async function foreignPackage(lock: Entry, folder: string): Promise<string | undefined> {
  let registries: ReadonlySet<string> | undefined;
  for (const [name, address] of addressesIn(lock)) {
    const host = /^https?:/i.test(address) ? hostOf(address)[0] : undefined;
    if (host === 'registry.npmjs.org') continue;
    if (host !== undefined) registries ??= await configuredRegistries(folder);
    if (host === undefined || registries?.has(host) !== true) return `${name}: ${JSON.stringify(address)}`;
  }
  return undefined;
}

/** The names of the packages with the addresses from which npm gets them. */
function* addressesIn({ packages, dependencies }: Entry): Generator<readonly [name: string, address: string]> {
  for (const [path, entry] of entriesOf(packages)) {
    const { resolved, link } = entry;
    const name = path.replace(/^.*node_modules\//, '');
    if (typeof resolved === 'string') yield [name, resolved];
    else if (link === true) yield [name, 'a link'];
  }
  // The form of npm 6, which newer ones still read.
  for (const [name, entry] of entriesOf(dependencies)) {
    const { resolved, version } = entry;
    if (typeof version === 'string' && /^(?!npm:).*:/.test(version)) yield [name, version];
    else if (typeof resolved === 'string') yield [name, resolved];
    yield* addressesIn({ dependencies: entry.dependencies });
  }
}

const entriesOf = (group: unknown): [string, Entry][] =>
  isRecord(group) ? Object.entries(group).filter((one): one is [string, Entry] => isRecord(one[1])) : [];

/** The hosts of the registries that npm uses, as its configuration says. */
function configuredRegistries(folder: string): Promise<ReadonlySet<string>> {
  // If the PATH has no npm, the one that came with this Node is used.
  const path = [programPath(), dirname(process.execPath)].filter(Boolean).join(delimiter);
  return new Promise((resolve) => {
    execFile('npm', ['config', 'ls', '--json'], { cwd: folder, env: childEnv({ PATH: path, NODE_OPTIONS: '' }) }, (_, output) => {
      resolve(new Set(Object.entries(parsed(output)).flatMap(([key, value]) => (isRegistry(key) ? hostOf(value) : []))));
    });
  });
}

const isRegistry = (key: string): boolean => key === 'registry' || key.endsWith(':registry');

const hostOf = (value: unknown): string[] => (URL.canParse(String(value)) ? [new URL(String(value)).host] : []);

function parsed(text: string): Entry {
  try {
    return JSON.parse(text) as Entry;
  } catch {
    return {};
  }
}
