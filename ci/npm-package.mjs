// Packages of the npm registry that tests and benchmarks compare with, kept in `.cache/`. They are never dependencies of the product.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const NO_NETWORK = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|SOCKET_TIMEOUT/;

/**
 * A file of a package, which is installed when it is first asked for.
 * @param {{ name: string, spec: string, file: string }} wanted the folder in `.cache/`, what npm installs, with spaces between, and the path below `node_modules/`
 * @returns {{ path: string } | { unreachable: string }} the file, or why the registry could not be reached
 * @throws Error if the registry was reached and the package could not be installed
 */
export function npmPackage({ name, spec, file }) {
  const folder = join(root, '.cache', name);
  const path = join(folder, 'node_modules', file);
  if (existsSync(path)) return { path };
  const making = `${folder}.${process.pid}`;
  mkdirSync(making, { recursive: true });
  // With a package.json of its own and an explicit prefix npm cannot take this repository for the place to install into.
  writeFileSync(join(making, 'package.json'), '{ "private": true }\n');
  const args = [
    'install',
    '--prefix',
    making,
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--fetch-retries=1',
    ...spec.split(' '),
  ];
  const install = spawnSync('npm', args, { cwd: making, encoding: 'utf8' });
  if (install.status === 0 && existsSync(join(making, 'node_modules', file))) {
    rmSync(folder, { recursive: true, force: true });
    renameSync(making, folder);
    return { path };
  }
  rmSync(making, { recursive: true, force: true });
  const words = `${install.error ?? ''}${install.stdout ?? ''}${install.stderr ?? ''}`;
  const reason = NO_NETWORK.exec(words)?.[0];
  if (reason !== undefined) return { unreachable: reason };
  throw new Error(`${spec} could not be installed:\n${words}`);
}
