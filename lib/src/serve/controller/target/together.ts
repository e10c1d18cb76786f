import type { ReplicaReady } from '../../protocol/index.js';
import { type AppTarget, type AppVersion, promote, remove, type TargetState } from './target.js';
import { type TrafficRules, withoutApp } from './traffic-rule.js';

/** Versions that one configuration deploys: routes lead to all of them at the same moment, or to none. */
export interface Together {
  readonly id: string;
  /** The versions that are being started, by application. */
  readonly versions: ReadonlyMap<string, AppVersion>;
  /** An application whose version was replaced or deleted meanwhile; then none of the others can become live. */
  readonly lost: string | null;
}

/** The configurations that are being deployed. */
export function togetherIn({ apps }: TargetState): Together[] {
  const found = new Map<string, Map<string, AppVersion>>();
  for (const [app, { next }] of apps) {
    const id = next?.spec.together?.id;
    if (id !== undefined) found.set(id, (found.get(id) ?? new Map<string, AppVersion>()).set(app, next as AppVersion));
  }
  return [...found].map(([id, versions]) => {
    const { members = [] } = [...versions.values()][0]?.spec.together ?? {};
    return { id, versions, lost: members.find((member) => !versions.has(member)) ?? null };
  });
}

/** Makes all versions of a configuration live, and removes the applications that it does not name. It does nothing if one of the versions is lost. */
export function promoteTogether(
  target: TargetState,
  id: string,
  offers: (app: string, version: AppVersion) => Readonly<Record<string, ReplicaReady>>,
  now: number,
): TargetState {
  const together = togetherIn(target).find((one) => one.id === id);
  if (together === undefined || together.lost !== null) return target;
  let after = target;
  for (const [app, version] of together.versions) after = promote(after, app, version.generation, offers(app, version));
  for (const app of leaving(target, together)) after = remove(after, app, now);
  return after;
}

/** The applications that are removed when the versions become live. */
function leaving({ apps }: TargetState, together: Together): string[] {
  // If code has deployed it anew meanwhile, it stays.
  return removesOf(together).filter((app) => lastSpec(apps.get(app))?.declared !== undefined);
}

/** The applications that the configuration does not name, although an earlier one did. */
export const removesOf = ({ versions }: Pick<Together, 'versions'>): readonly string[] =>
  [...versions.values()][0]?.spec.together?.removes ?? [];

/** What has changed when the versions of a configuration became live. */
export interface Promotion {
  readonly versions: Together['versions'];
  readonly before: TargetState;
  readonly after: TargetState;
  /** Applications that users have deleted since, or that a later configuration does not name. */
  readonly deleted: ReadonlySet<string>;
}

/** The applications that come back if the configuration is taken back. */
export const removedBy = ({ before, after, deleted }: Promotion): [string, AppTarget][] =>
  [...before.apps].filter(([app]) => !after.apps.has(app) && !deleted.has(app));

/**
 * Takes a configuration back, because replicas that old and new versions share refused it. What others have changed since stays.
 * @param back the version that an application goes back to; `null` if it had none
 */
export function revertTogether(
  target: TargetState,
  promotion: Promotion,
  back: (app: string, generation: number) => AppVersion | null,
  message: string,
  now: number,
): TargetState {
  const { versions, before } = promotion;
  const apps = new Map(target.apps);
  for (const [app, { generation, spec, acceptedAt }] of versions) {
    const current = apps.get(app);
    if (current?.live?.generation !== generation) continue;
    const failed = current.next === null ? { spec, message, acceptedAt } : null;
    apps.set(app, { live: back(app, generation), next: current.next, failed });
  }
  for (const [app, old] of removedBy(promotion)) if (!apps.has(app)) apps.set(app, old);
  let traffic = revertedTraffic(target, promotion);
  for (const app of before.apps.keys()) if (!apps.has(app)) traffic = withoutApp(traffic, app, now);
  return { ...target, apps, traffic };
}

/** The splits as they were before, except those that somebody has set, or that have lost another version, since. */
function revertedTraffic({ traffic }: TargetState, { before, after }: Promotion): TrafficRules {
  const reverted = new Map(traffic);
  for (const [prefix, rule] of before.traffic) {
    const changed = after.traffic.get(prefix);
    if (changed !== rule && traffic.get(prefix) === changed) reverted.set(prefix, rule);
  }
  return reverted;
}

const lastSpec = (app: AppTarget | undefined) => app?.next?.spec ?? app?.live?.spec ?? app?.failed?.spec;
