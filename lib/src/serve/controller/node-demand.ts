import type { Log } from '../../core/index.js';
import type { DeclaredResources, Engine } from '../../engine/index.js';
import type { Resources } from '../protocol/index.js';
import { type ActualView, byGroup, isReplicaAlive } from './replicas/index.js';
import { type TargetState, wantedGroups } from './target/index.js';

/** Tells the engine which replicas wait for room, whenever that changes. */
export class NodeDemand {
  readonly #engine: Pick<Engine, 'want'>;
  readonly #log: Pick<Log, 'warn'>;
  /** Empty at first: an earlier controller may have told something. */
  #told = '';

  constructor(engine: Pick<Engine, 'want'>, log: Pick<Log, 'warn'>) {
    this.#engine = engine;
    this.#log = log;
  }

  tell(target: TargetState, actual: ActualView): void {
    if (actual.pending.size === 0 && this.#told === '[]') return;
    const bundles = waitingFor(target, actual);
    const text = JSON.stringify(bundles);
    if (text === this.#told) return;
    this.#told = text;
    this.#engine.want(bundles).catch((error: Error) => {
      this.#log.warn(`the engine was not told which replicas wait for room: ${error.message}`);
      this.#told = '';
    });
  }
}

/** What each replica takes that waits for room. Pure. */
function waitingFor(target: TargetState, actual: ActualView): readonly DeclaredResources[] {
  const groups = byGroup(actual);
  return [...wantedGroups(target).values()].flatMap(({ key, liveCount, nextCount, spec }) => {
    if (!actual.pending.has(key)) return [];
    const there = (groups.get(key) ?? []).filter(isReplicaAlive).length;
    const missing = Math.max(1, Math.max(liveCount, nextCount) - there);
    return Array<DeclaredResources>(missing).fill(declared(spec.config.resources));
  });
}

const declared = ({ cpu, gpu, memory, custom }: Resources): DeclaredResources => ({
  ...(cpu > 0 && { cpu }),
  ...(gpu > 0 && { gpu }),
  ...(memory > 0 && { memory }),
  ...(Object.keys(custom).length > 0 && { custom }),
});
