import type { Client } from './client.js';
import { Superseded } from './protocol/index.js';

let calls = 0;
/** The newest call that was sent to each cluster, by application, and what it is. */
const sent = new WeakMap<object, Map<string, { readonly call: number; readonly what: string }>>();

/**
 * To be called when `serve.run` or `serve.delete` is: packing may take longer for an earlier call than for a later one. The function that it returns is to be
 * called when the request is sent.
 * @throws the returned function: NBS_SUPERSEDED, if a later call for the same application was sent before
 */
export function inOrder(app: string, what = 'another deploy of it'): (client: Pick<Client, 'cluster'>) => void {
  calls += 1;
  const call = calls;
  return ({ cluster }) => {
    const newest = sent.get(cluster) ?? new Map<string, { readonly call: number; readonly what: string }>();
    sent.set(cluster, newest);
    const last = newest.get(app);
    if (last !== undefined && last.call > call) throw Superseded({ app, newer: last.what });
    newest.set(app, { call, what });
  };
}
