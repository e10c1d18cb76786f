import { fnv1a, mixBits } from '../../core/index.js';

/**
 * Chooses a replica for a key: the first acceptable one in an order that depends only on the key and the replicas (rendezvous hashing). So every router
 * chooses the same one, and if a replica is added or ends, only the keys of that replica move.
 * Thaler and Ravishankar, "A name-based mapping scheme for rendezvous" (1996).
 * @returns an index, or -1 if none is acceptable
 */
export function pickForKey<T extends { readonly id: string }>(
  replicas: readonly T[],
  key: string,
  accepts: (replica: T) => boolean,
): number {
  const start = fnv1a(key);
  let best = -1;
  let bestScore = -1;
  replicas.forEach((replica, index) => {
    if (!accepts(replica)) return;
    const score = mixBits(fnv1a(replica.id, start));
    const isFirst = score > bestScore || (score === bestScore && replica.id < (replicas[best] as T).id);
    if (!isFirst) return;
    best = index;
    bestScore = score;
  });
  return best;
}
