import { createRequire } from 'node:module';
import type { Hello } from './messages.js';

/** Raised by one whenever frames or messages change in a way that an older peer misreads. */
const PROTOCOL_VERSION = 3;

let version: string | undefined;

/** The Hello of this process. */
export function helloOf(role: string, id: string): Hello {
  version ??= (createRequire(import.meta.url)('../../package.json') as { version: string }).version;
  return { role, id, protocol: PROTOCOL_VERSION, version };
}
