import { homedir } from 'node:os';
import { join } from 'node:path';

/** `NBSERVE_HISTORY`: the folder in which the history of notebooks is kept. If it is empty, none is kept. Default: `nbserve/history` in `$XDG_STATE_HOME`, else in `~/.local/state`. */
export const historyFolder = (): string =>
  process.env.NBSERVE_HISTORY ?? join(process.env.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'nbserve', 'history');
