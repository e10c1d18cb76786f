import type { DeploymentSpec, ReplicaState } from '../../protocol/index.js';
import { type AppTarget, type AppVersion, dependenciesOf, type GroupKey, groupKey } from '../target/index.js';
import { rollsInto } from './rolling.js';

type Groups = ReadonlyMap<GroupKey, readonly { readonly state: ReplicaState }[]>;

export const runningIn = (groups: Groups, key: GroupKey): number =>
  (groups.get(key) ?? []).filter(({ state }) => state === 'RUNNING').length;

/** The deployments that must run before the constructor of a replica of `name` is called, and that do not run yet. */
export function missingDependencies(
  app: string,
  target: AppTarget,
  version: AppVersion,
  name: string,
  groups: Groups,
): readonly DeploymentSpec[] {
  const isLive = version === target.live;
  const runs = ({ name: inner, replicaHash, config }: DeploymentSpec): boolean => {
    // A deployment that may scale to zero is started by the calls that it gets.
    const mayBeNone = config.numReplicas === 0 || (isLive && config.autoscaling?.minReplicas === 0);
    return mayBeNone || runningIn(groups, groupKey(app, inner, replicaHash)) > 0;
  };
  return dependenciesOf(version, name).filter((inner) => {
    // If a deployment is replaced step by step, replicas of both versions answer; there may be no old one left.
    const into = rollsInto(target, inner.name);
    return !runs(inner) && (into === undefined || !runs(into));
  });
}
