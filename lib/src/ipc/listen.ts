import type { Channel, ChannelServer } from './channel.js';
import type { Address, Hello } from './messages.js';

export interface ListenOptions {
  readonly token: string;
  readonly hello: Hello;
  readonly onChannel: (channel: Channel) => void;
}

/** @throws NBS_LISTEN_FAILED */
export function listen(_address: Address, _options: ListenOptions): Promise<ChannelServer> {
  throw new Error('not built yet');
}
