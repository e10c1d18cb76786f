import type { DeploymentRoute } from '../protocol/index.js';
import type { LinkWatch } from './link-watch.js';
import { pick, pickNear } from './pick.js';
import { pickForKey } from './pick-for-key.js';
import { pickForModel } from './pick-for-model.js';
import { type ConnectReplica, type LinkOwner, ReplicaLink } from './replica-link.js';

export interface ReplicaSetInit {
  readonly owner: LinkOwner;
  readonly connect: ConnectReplica;
  readonly random: () => number;
  readonly watch: LinkWatch;
  /** Whether a replica runs on the node of this router. @default all do */
  readonly isNear?: (path: string) => boolean;
}

/** The connections of one router to the replicas of one deployment, and the choice among them. */
export class ReplicaSet {
  readonly #init: ReplicaSetInit;
  #links: readonly ReplicaLink[] = [];
  /** Those of the node of this router, and the others. Both are empty if all replicas are on one side. */
  #near: readonly ReplicaLink[] = [];
  #far: readonly ReplicaLink[] = [];

  constructor(init: ReplicaSetInit) {
    this.#init = init;
  }

  get size(): number {
    return this.#links.length;
  }

  get links(): readonly ReplicaLink[] {
    return this.#links;
  }

  /** Number of this router's requests that are at one of them. */
  get inFlight(): number {
    return this.#links.reduce((sum, link) => sum + link.inFlight, 0);
  }

  get isReachable(): boolean {
    return this.#links.some((link) => link.isOpen);
  }

  /** Number of replicas to which the first connection is being opened. */
  get opening(): number {
    let count = 0;
    for (const link of this.#links) if (link.isOpening) count += 1;
    return count;
  }

  /** Connects to new replicas. Connections to removed replicas close when their requests have ended. */
  update({ replicas, hung = [] }: Pick<DeploymentRoute, 'replicas' | 'hung'>): void {
    const { owner, connect, watch } = this.#init;
    const known = new Map(this.#links.map((link) => [link.id, link]));
    this.#links = replicas.map(({ id, path }) => {
      const link = known.get(id);
      known.delete(id);
      return link ?? new ReplicaLink(id, path, owner, connect, watch);
    });
    for (const link of known.values()) {
      link.hung = hung.includes(link.id);
      link.retire();
    }
    this.#divide();
  }

  #divide(): void {
    const { isNear } = this.#init;
    this.#near = isNear === undefined ? [] : this.#links.filter(({ path }) => isNear(path));
    this.#far = this.#near.length === 0 ? [] : this.#links.filter((link) => !this.#near.includes(link));
  }

  retire(): void {
    for (const link of this.#links) link.retire();
    this.#links = [];
    this.#divide();
  }

  /**
   * A replica that has room, or null. A silent replica is chosen only if no other one can be waited for.
   * @param modelId `''` if the request selects no model
   * @param other a replica that must not be chosen
   */
  pick(modelId: string, other: ReplicaLink | null): ReplicaLink | null {
    if (this.#far.length > 0 && modelId === '') return this.#pickNear(other) ?? leastLoadedOfSilent(without(this.#links, other));
    const links = without(this.#links, other);
    const index = modelId === '' ? pick(links, this.#init.random) : pickForModel(links, modelId);
    return links[index] ?? leastLoadedOfSilent(links);
  }

  #pickNear(other: ReplicaLink | null): ReplicaLink | undefined {
    return pickNear(without(this.#near, other), without(this.#far, other), this.#init.random);
  }

  /** The replica of an affinity key, whether it has room or not; `null` if none can be waited for. */
  homeOf(key: string): ReplicaLink | null {
    return this.#links[pickForKey(this.#links, key, (link) => link.isHome)] ?? null;
  }

  /** The first replica of an affinity key that has room, or `null`. */
  pickForKey(key: string, other: ReplicaLink | null): ReplicaLink | null {
    const index = pickForKey(this.#links, key, (link) => link.hasRoom && link !== other);
    return this.#links[index] ?? leastLoadedOfSilent(this.#links);
  }

  /** Time at which the first pause after a BUSY ends, by the clock of `performance.now()`; Infinity if no replica is paused. */
  get pausedUntil(): number {
    let first = Number.POSITIVE_INFINITY;
    for (const link of this.#links) if (link.isPaused && link.pausedUntil < first) first = link.pausedUntil;
    return first;
  }
}

const without = (links: readonly ReplicaLink[], other: ReplicaLink | null): readonly ReplicaLink[] =>
  other === null ? links : links.filter((link) => link !== other);

function leastLoadedOfSilent(links: readonly ReplicaLink[]): ReplicaLink | null {
  let best: ReplicaLink | null = null;
  for (const link of links) {
    if (link.isOpen && !link.isSilent) return null;
    if (link.hasPlace && (best === null || link.load < best.load)) best = link;
  }
  return best;
}
