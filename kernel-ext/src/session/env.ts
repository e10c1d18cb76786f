import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where the kernel keeps what it can make again: `NBSERVE_CACHE`, else `nbserve` in `XDG_CACHE_HOME` or `~/.cache`. */
export const cacheFolder = (): string =>
  process.env.NBSERVE_CACHE || join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'nbserve');
