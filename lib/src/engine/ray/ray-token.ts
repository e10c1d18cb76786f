import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { rayTokenPath, rayTokenText } from '../../core/index.js';

/** The token for Ray's API, from the same places as Ray's own tools; `undefined` if there is none. It is read at each call and never written anywhere. */
export function rayToken(): string | undefined {
  const given = rayTokenText();
  if (given !== undefined) return given;
  try {
    return readFileSync(rayTokenPath() ?? join(homedir(), '.ray', 'auth_token'), 'utf8').trim() || undefined;
  } catch {
    return undefined;
  }
}
