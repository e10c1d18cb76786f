import { npmPackage } from './npm-package.mjs';

/**
 * Gets another major version of Node from the npm registry and keeps it in `.cache/`. It is not a dependency of the product.
 * @param {number} major
 * @returns {{ node: string } | { unreachable: string }} its executable, or why the registry could not be reached
 * @throws Error if the registry was reached and it could not be installed
 */
export function otherNode(major) {
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const name = `node-${platform}-${process.arch}`;
  const found = npmPackage({ name: `node-${major}`, spec: `${name}@${major}`, file: `${name}/bin/node` });
  return 'path' in found ? { node: found.path } : found;
}
