import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { rayAuthMode, rayTokenPath, rayTokenText } from '../../core/index.js';
import { RayTokenUnreadable } from './errors.js';

/**
 * The token for Ray's API, from the same places as Ray's own tools; `undefined` if there is none, or if `RAY_AUTH_MODE` says that Ray has none. It is read
 * at each call and never written anywhere.
 * @throws NBS_RAY_TOKEN_UNREADABLE
 */
export function rayToken(): string | undefined {
  if ((rayAuthMode() ?? 'token').toLowerCase() !== 'token') return undefined;
  const given = rayTokenText();
  if (given !== undefined) return given;
  const named = rayTokenPath();
  try {
    return readFileSync(named ?? join(homedir(), '.ray', 'auth_token'), 'utf8').trim() || undefined;
  } catch (error) {
    if (named !== undefined) throw RayTokenUnreadable({ path: named, reason: (error as Error).message }, error);
    return undefined;
  }
}
