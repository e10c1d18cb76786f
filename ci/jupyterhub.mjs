// JupyterHub, for the test of a kernel behind it.
import { fileURLToPath } from 'node:url';
import { npmPackage } from './npm-package.mjs';
import { pythonEnv } from './python-env.mjs';

/** JupyterHub starts this proxy, which all of its users share. */
const PROXY = {
  name: 'jupyterhub-proxy',
  spec: 'configurable-http-proxy@5',
  file: 'configurable-http-proxy/bin/configurable-http-proxy',
};

/**
 * A Python with JupyterHub, and the program of its proxy.
 * @returns {{ python: string, proxy: string } | { unreachable: string }} or why the npm registry could not be reached
 * @throws if it cannot be set up
 */
export function jupyterHub() {
  const found = npmPackage(PROXY);
  if ('unreachable' in found) return found;
  const python = pythonEnv('jupyterhub', fileURLToPath(new URL('jupyterhub-requirements.txt', import.meta.url)));
  return { python, proxy: found.path };
}
