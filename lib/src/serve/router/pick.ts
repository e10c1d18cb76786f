/** A replica as the choice sees it. */
export interface Candidate {
  /** Requests that it is known to work on, whoever sent them. */
  readonly load: number;
  /** It takes requests, and one more would not exceed its limit. */
  readonly hasRoom: boolean;
}

/** A replica as the choice between two sees it. */
export interface Contender extends Candidate {
  /** Those of `load` that this router sent it. */
  readonly inFlight: number;
  /** It has not said yet that it began all that this router sent it. */
  readonly owesWord: boolean;
}

/**
 * Power of two choices: of two replicas drawn at random, the less loaded one. Where neither has room, the least loaded one that has.
 * What the two said of other routers' requests counts only if neither owes a word: one that is stopped says nothing of what others send it
 * meanwhile, and looked the less loaded one until a router had nothing left to send. So it gets half of a router's requests at most.
 * Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing" (1996).
 * @param random gives numbers in [0, 1)
 * @returns an index, or -1 where no replica has room
 */
export function pick(candidates: readonly Contender[], random: () => number): number {
  const count = candidates.length;
  if (count === 0) return -1;
  if (count === 1) return candidates[0]?.hasRoom === true ? 0 : -1;
  const first = Math.floor(random() * count);
  // Of the others, so that the two always differ.
  const second = (first + 1 + Math.floor(random() * (count - 1))) % count;
  const chosen = better(candidates, first, second);
  return chosen >= 0 ? chosen : leastLoaded(candidates);
}

function better(candidates: readonly Contender[], first: number, second: number): number {
  const a = candidates[first];
  const b = candidates[second];
  if (a?.hasRoom !== true) return b?.hasRoom === true ? second : -1;
  if (b?.hasRoom !== true) return first;
  const isLess = a.owesWord || b.owesWord ? b.inFlight < a.inFlight : b.load < a.load;
  return isLess ? second : first;
}

function leastLoaded(candidates: readonly Candidate[]): number {
  let best = -1;
  let load = Number.POSITIVE_INFINITY;
  candidates.forEach((candidate, index) => {
    if (!candidate.hasRoom || candidate.load >= load) return;
    best = index;
    load = candidate.load;
  });
  return best;
}
