import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { type CheckedConfig, parseConfig } from '../config/index.js';
import { ConfigUnreadable } from './errors.js';

/**
 * Reads and checks a configuration.
 * @param file `-` for stdin; then relative paths start at the working folder
 * @throws NBS_CONFIG_UNREADABLE, NBS_INVALID_CONFIG
 */
export async function readConfig(file: string): Promise<CheckedConfig> {
  if (file === '-') return parseConfig(await text(process.stdin), 'stdin', process.cwd());
  const content = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw ConfigUnreadable({ file, reason: error.code === 'ENOENT' ? 'there is no such file' : error.message }, error);
  });
  return parseConfig(content, file, dirname(resolve(file)));
}

/** Whether a command's argument names a configuration, and not a module with its export. */
export const isConfigFile = (target: string): boolean => /\.(ya?ml|json)$/i.test(target);
