import { LEGACY_VARIABLE } from '../control/index.js';

/** `JPY_SESSION_NAME`: path of the notebook, from Jupyter's server; undefined if another front end started the kernel. */
export const notebookName = (): string | undefined => process.env.JPY_SESSION_NAME || undefined;

/** `JPY_PARENT_PID`: the process with which the kernel must end; 0 if Jupyter did not set it. */
export const parentPid = (): number => Number.parseInt(process.env.JPY_PARENT_PID ?? '', 10) || 0;

/** What the program before this one in the process has left for this one; '' if there was none. It is removed, so that children do not inherit it. */
export function takeLegacy(): string {
  const legacy = process.env[LEGACY_VARIABLE] ?? '';
  delete process.env[LEGACY_VARIABLE];
  return legacy;
}
