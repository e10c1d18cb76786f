import type { DeploymentSpec, ReplicaState } from '../../protocol/index.js';
import { type AppTarget, type AppVersion, dependenciesOf, type GroupKey, groupKey } from '../target/index.js';
import { rollsInto } from './rolling.js';

type Groups = ReadonlyMap<GroupKey, readonly { readonly state: ReplicaState }[]>;

export const runningIn = (groups: Groups, key: GroupKey): number =>
  (groups.get(key) ?? []).filter(({ state }) => state === 'RUNNING').length;

/** The deployments that a replica of `name` waits for before its constructor is called: those of its dependencies that do not run. */
export function missingDependencies(
  app: string,
  target: AppTarget,
  version: AppVersion,
  name: string,
  groups: Groups,
): readonly DeploymentSpec[] {
  const isLive = version === target.live;
  const runs = ({ name: inner, replicaHash, config }: DeploymentSpec): boolean => {
    // One that may sleep is started by the calls that it gets.
    const mayBeNone = config.numReplicas === 0 || (isLive && config.autoscaling?.minReplicas === 0);
    return mayBeNone || runningIn(groups, groupKey(app, inner, replicaHash)) > 0;
  };
  return dependenciesOf(version, name).filter((inner) => {
    // Of one that is replaced step by step, replicas of either version answer; of the old one none may be left.
    const into = rollsInto(target, inner.name);
    return !runs(inner) && (into === undefined || !runs(into));
  });
}
