/** What the choice needs to know about a replica. */
export interface Candidate {
  /** Number of requests that the replica works on, as far as known, of all routers. */
  readonly load: number;
  /** True if it takes requests, and one more would not exceed its limit. */
  readonly hasRoom: boolean;
}

/** What the choice between two replicas needs to know. */
export interface Contender extends Candidate {
  /** The part of `load` that this router sent. */
  readonly inFlight: number;
  /** True if it has not yet acknowledged that it began everything that this router sent. */
  readonly hasUnacknowledged: boolean;
}

/**
 * Power of two choices: draws two replicas at random and takes the less loaded one. If neither has room, it takes the least loaded one that has.
 * If one of the two has not acknowledged everything we sent it, its reported load is stale, so the router compares only its own counts. Otherwise a
 * stopped replica, which reports nothing about the requests of other routers, would look less loaded until a router had sent it everything. With this
 * rule it gets at most half of a router's requests.
 * Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing" (1996).
 * @param random gives numbers in [0, 1)
 * @returns an index, or -1 if no replica has room
 */
export function pick(candidates: readonly Contender[], random: () => number): number {
  const count = candidates.length;
  if (count === 0) return -1;
  if (count === 1) return candidates[0]?.hasRoom === true ? 0 : -1;
  const first = Math.floor(random() * count);
  // The second one is drawn from the others, so that the two always differ.
  const second = (first + 1 + Math.floor(random() * (count - 1))) % count;
  const chosen = better(candidates, first, second);
  return chosen >= 0 ? chosen : leastLoaded(candidates);
}

/**
 * Draws by {@link pick} one replica of this node and one of another node, and takes the near one unless it is busier. So a request stays on the node while
 * that costs it nothing, and a busy node does not keep what another one would do sooner.
 * @returns a replica with room, or `undefined` if none has room
 */
export function pickNear<C extends Contender>(near: readonly C[], far: readonly C[], random: () => number): C | undefined {
  const here = near[pick(near, random)];
  const there = far[pick(far, random)];
  return here === undefined || (there !== undefined && isLess(there, here)) ? there : here;
}

function better(candidates: readonly Contender[], first: number, second: number): number {
  const a = candidates[first];
  const b = candidates[second];
  if (a?.hasRoom !== true) return b?.hasRoom === true ? second : -1;
  if (b?.hasRoom !== true) return first;
  return isLess(b, a) ? second : first;
}

const isLess = (a: Contender, b: Contender): boolean =>
  a.hasUnacknowledged || b.hasUnacknowledged ? a.inFlight < b.inFlight : a.load < b.load;

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
