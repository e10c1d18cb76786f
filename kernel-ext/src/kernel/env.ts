/** `JPY_SESSION_NAME`: path of the notebook, as Jupyter's server says it; undefined where another front end started the kernel. */
export const notebookName = (): string | undefined => process.env.JPY_SESSION_NAME || undefined;

import { LEGACY_VARIABLE } from '../control/index.js';

/** `JPY_PARENT_PID`: the process that Jupyter wants the kernel to end with. 0: not said. */
export const parentPid = (): number => Number.parseInt(process.env.JPY_PARENT_PID ?? '', 10) || 0;

/** What the program before this one in the process has left for this one; '' where there was none. Children must not inherit it. */
export function takeLegacy(): string {
  const legacy = process.env[LEGACY_VARIABLE] ?? '';
  delete process.env[LEGACY_VARIABLE];
  return legacy;
}
