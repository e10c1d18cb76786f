import type { Hello } from '../../ipc/index.js';
import type { RouterLike } from './dispatch.js';

export interface RouterOptions {
  /** Folder of the cluster; the controller listens on `c.sock` in it. */
  readonly dir: string;
  readonly token: string;
  readonly hello: Hello;
}

/** A router fed by the controller. Returns at once: it keeps trying to reach the controller, and keeps the last snapshot while that is away. */
export declare function openRouter(options: RouterOptions): RouterLike;
