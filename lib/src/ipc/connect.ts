import type { Channel } from './channel.js';
import type { Address, Hello } from './messages.js';

export interface ConnectOptions {
  readonly token: string;
  readonly hello: Hello;
  /** For connecting and both handshakes together. @default 5000 */
  readonly timeoutMs?: number;
}

/** Set `onCall` and the other handlers right after this resolves: nothing is read before. @throws NBS_CONNECT_FAILED, NBS_AUTH_FAILED, NBS_VERSION_SKEW */
export function connect(_address: Address, _options: ConnectOptions): Promise<Channel> {
  throw new Error('not built yet');
}
