import type { Client } from './client.js';
import { Superseded } from './protocol/index.js';

let calls = 0;
/** The newest call that was sent to each cluster, by application. */
const sent = new WeakMap<object, Map<string, number>>();

/**
 * To be called when `serve.run` is: packing may take longer for an earlier call than for a later one. The function that it returns is to be called when the
 * application is sent.
 * @throws the returned function: NBS_SUPERSEDED, if a later call for the same application was sent before
 */
export function inOrder(app: string): (client: Pick<Client, 'cluster'>) => void {
  calls += 1;
  const call = calls;
  return ({ cluster }) => {
    const newest = sent.get(cluster) ?? new Map<string, number>();
    sent.set(cluster, newest);
    if ((newest.get(app) ?? 0) > call) throw Superseded({ app, newer: 'another deploy of it' });
    newest.set(app, call);
  };
}
