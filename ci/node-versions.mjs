import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const NO_NETWORK = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|SOCKET_TIMEOUT/;

/**
 * Gets another major version of Node from the npm registry and keeps it in `.cache/`. It is not a dependency of the product.
 * @param {number} major
 * @returns {{ node: string } | { unreachable: string }} its executable, or why the registry could not be reached
 * @throws Error if the registry was reached and it could not be installed
 */
export function otherNode(major) {
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const name = `node-${platform}-${process.arch}`;
  const folder = join(root, '.cache', `node-${major}`);
  const node = join(folder, 'node_modules', name, 'bin', 'node');
  if (existsSync(node)) return { node };
  const making = `${folder}.${process.pid}`;
  mkdirSync(making, { recursive: true });
  // With a package.json of its own and an explicit prefix, so that npm does not install into this repository.
  writeFileSync(join(making, 'package.json'), '{ "private": true }\n');
  const args = [
    'install',
    '--prefix',
    making,
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--fetch-retries=1',
    `${name}@${major}`,
  ];
  const install = spawnSync('npm', args, { cwd: making, encoding: 'utf8' });
  if (install.status === 0 && existsSync(join(making, 'node_modules', name, 'bin', 'node'))) {
    rmSync(folder, { recursive: true, force: true });
    renameSync(making, folder);
    return { node };
  }
  rmSync(making, { recursive: true, force: true });
  const words = `${install.error ?? ''}${install.stdout ?? ''}${install.stderr ?? ''}`;
  const reason = NO_NETWORK.exec(words)?.[0];
  if (reason !== undefined) return { unreachable: reason };
  throw new Error(`Node ${major} could not be installed:\n${words}`);
}
