import { LEGACY_VARIABLE } from '../control/index.js';

/**
 * What people know the notebook by. `JPY_SESSION_NAME` is its path, from Jupyter's server. Some front ends do not tell the server the name of the file, and the
 * path is then the folder with a slash at its end; others start the kernel without the variable.
 */
export function notebookName(): string {
  const path = process.env.JPY_SESSION_NAME ?? '';
  if (path !== '' && !path.endsWith('/')) return path;
  return `a notebook in ${path === '' ? process.cwd() : path.replace(/(?<=.)\/+$/, '')}`;
}

/** `JPY_PARENT_PID`: the process with which the kernel must end; 0 if Jupyter did not set it. */
export const parentPid = (): number => Number.parseInt(process.env.JPY_PARENT_PID ?? '', 10) || 0;

/** What the program before this one in the process has left for this one; '' if there was none. It is removed, so that children do not inherit it. */
export function takeLegacy(): string {
  const legacy = process.env[LEGACY_VARIABLE] ?? '';
  delete process.env[LEGACY_VARIABLE];
  return legacy;
}
