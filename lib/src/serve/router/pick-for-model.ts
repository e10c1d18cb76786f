import { fnv1a, mixBits } from '../../core/index.js';
import type { Candidate } from './pick.js';

export interface NamedCandidate extends Candidate {
  readonly id: string;
}

/**
 * A replica may have this many requests, and this part of its fair share, above its fair share of the load before other replicas get requests for its
 * models.
 */
const SLACK = 4;
const FACTOR = 1.25;

/**
 * Chooses the replica for a model: the first one in an order that depends only on the model and the replicas (rendezvous hashing). So every router
 * chooses the same replica, which has loaded the model if there was a request before. If its load is too far above that of the others, it is skipped,
 * and the next one loads the model as well.
 * Thaler and Ravishankar, "A name-based mapping scheme for rendezvous" (1996); for the bound: Mirrokni, Thorup and Zadimoghaddam, "Consistent hashing
 * with bounded loads" (2016).
 * @returns an index, or -1 if no replica has room
 */
export function pickForModel(candidates: readonly NamedCandidate[], modelId: string): number {
  const model = fnv1a(modelId);
  const total = candidates.reduce((sum, { load }) => sum + load, 0);
  const limit = SLACK + (FACTOR * (total + 1)) / candidates.length;
  let best = -1;
  let bestScore = -1;
  let spare = -1;
  candidates.forEach(({ id, load, hasRoom }, index) => {
    if (!hasRoom) return;
    if (spare === -1 || load < (candidates[spare] as Candidate).load) spare = index;
    const score = mixBits(fnv1a(id, model));
    if (load >= limit || score <= bestScore) return;
    best = index;
    bestScore = score;
  });
  return best >= 0 ? best : spare;
}
