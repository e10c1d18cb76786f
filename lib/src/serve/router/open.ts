import {
  type Channel,
  connectController,
  connectPlace,
  FeedSubscriber,
  type Hello,
  handleOps,
  nearPlaces,
  ProtocolViolation,
} from '../../ipc/index.js';
import {
  DEMAND_TOPIC,
  REQUEST_KINDS,
  ROUTES_TOPIC,
  type RouterOps,
  type RouteSnapshot,
  snapshotFault,
} from '../protocol/index.js';
import { Router } from './router.js';

export interface RouterOptions {
  /** Folder of the cluster; the controller's socket is in it, or its address. */
  readonly dir: string;
  readonly token: string;
  readonly hello: Hello;
  /** If true, its connections do not keep this process alive. @default false */
  readonly unref?: boolean;
  /** The same as in `RouterInit`. */
  readonly eager?: boolean;
  /** Is called when a connection to a replica is open. Nothing is sent there until the promise has settled. @default undefined: nothing waits */
  readonly beforeUse?: () => Promise<void> | undefined;
}

/**
 * Opens a router that gets its routes from the controller. It returns at once. It tries again and again to reach the controller, and meanwhile keeps
 * the last snapshot.
 */
export function openRouter({ dir, token, hello, unref = false, eager = true, beforeUse }: RouterOptions): Router {
  const options = { token, hello, kinds: REQUEST_KINDS };
  const opened = (channel: Channel): Channel => {
    if (unref) channel.unref();
    return channel;
  };
  const tell = (topic: string, value: unknown): boolean => {
    const { channel } = subscriber;
    if (channel === null || channel.isClosed || channel.isBehind) return false;
    channel.notify({ kind: 'event', topic, value });
    return true;
  };
  const router = new Router({
    connect: async (place) => {
      const channel = opened(await connectPlace(dir, place, options));
      await beforeUse?.();
      return channel;
    },
    isNear: nearPlaces(dir),
    eager,
    sendDemand: (report) => tell(DEMAND_TOPIC, report),
    tell,
    onClose: () => subscriber.stop(),
  });
  const answer = handleOps<RouterOps>({ awaited: ({ replica }) => router.awaitedAt(replica) });
  const subscriber = new FeedSubscriber({
    connect: async () => opened(await connectController(dir, options)),
    onChannel: (channel) => {
      channel.onCall = answer;
      router.tellDemand();
    },
    onValue: (topic, value) => {
      if (topic !== ROUTES_TOPIC) return;
      const fault = snapshotFault(value);
      if (fault !== null) throw ProtocolViolation({ peer: 'the controller', reason: fault });
      router.apply(value as RouteSnapshot);
    },
  });
  // This rejects only if it was stopped before.
  subscriber.start().catch(() => {});
  return router;
}
