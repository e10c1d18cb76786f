import { type DeploymentSpec, ReplicaState } from '../../protocol/index.js';
import {
  type ActualView,
  keepsFailing,
  missingDependencies,
  presentFailure,
  type ReplicaRecord,
  runningIn,
} from '../replicas/index.js';
import { type AppTarget, type AppVersion, groupKey } from '../target/index.js';
import { DeploymentEvent } from './deployment-state.js';

/** What is observed about one deployment, and a message that says it. Pure. */
export function deploymentVerdict(
  app: string,
  target: AppTarget,
  spec: DeploymentSpec,
  actual: ActualView,
): [DeploymentEvent, message: string] {
  const { name, config } = spec;
  const key = groupKey(app, name, spec.replicaHash);
  const wanted = config.numReplicas;
  const running = runningIn(actual.groups, key);
  const failure = presentFailure(actual.failures.get(key));
  const isShort = running < wanted;
  const isAsleep = wanted === 0 && running === 0;
  const count = isAsleep ? 'no replica runs until a request comes' : `${running} of ${wanted} replicas run`;
  const version = target.live?.spec.deployments.includes(spec) === true ? target.live : target.next;
  const wait = version === null || !isShort ? null : waitOf(app, target, version, spec, actual);
  const waits = wait === null ? '' : `; ${actual.pending.has(key) ? 'PENDING, ' : ''}${wait}`;
  if (failure !== undefined && (isShort || isAsleep)) {
    const event = keepsFailing(failure) ? DeploymentEvent.KEEPS_FAILING : DeploymentEvent.FAILED;
    const words = isAsleep ? `${count}, and the last one failed` : count;
    return [event, wait === null ? `${words}: ${failure.error.message}` : words + waits];
  }
  const after = target.next?.spec.deployments.find((other) => other.name === name && other.replicaHash !== spec.replicaHash);
  if (after?.config.rollingUpdate !== undefined) {
    const fresh = runningIn(actual.groups, groupKey(app, name, after.replicaHash));
    return [
      DeploymentEvent.CHANGED,
      `rolling update: ${fresh} of ${after.config.numReplicas} new replicas run, ${running} old ones`,
    ];
  }
  if (isShort) {
    if (wait === null) return [DeploymentEvent.CHANGED, count];
    // It ran before, and the missing replicas cannot be started.
    const least = Math.min(wanted, Math.max(1, config.autoscaling?.minReplicas ?? wanted));
    const event = version === target.live && running < least ? DeploymentEvent.FAILED : DeploymentEvent.CHANGED;
    return [event, count + waits];
  }
  if (after !== undefined) return [DeploymentEvent.CHANGED, 'a new version is started'];
  if (!isAsleep) return blockedVerdict(actual.groups.get(key) ?? []);
  return [DeploymentEvent.SETTLED, config.autoscaling === undefined ? 'its numReplicas is 0, so it answers no request' : count];
}

/** Whether the replicas of a complete deployment answer. A call may block a replica for as long as somebody waits for it. */
function blockedVerdict(replicas: readonly Readonly<ReplicaRecord>[]): [DeploymentEvent, message: string] {
  const running = replicas.filter(({ state }) => state === ReplicaState.RUNNING);
  const silent = running.filter(({ blocked, silentSince }) => blocked === null && silentSince !== null);
  const over = running.filter(({ blocked }) => blocked?.isOver === true);
  const debugged = running.filter(({ blocked }) => blocked?.isDebugged === true);
  const busy = running.filter(({ blocked }) => blocked?.isOver === false && blocked.isDebugged !== true);
  const words = [
    ...silent.map(({ id, silentSince }) => `${id} has not answered its health check since ${iso(silentSince)}`),
    ...over.map(
      ({ id, blocked }) =>
        `${id} has been blocked by a call since ${iso(blocked?.since)}, and the deadlines of its calls are over`,
    ),
    ...debugged.map(({ id, blocked }) => `${id} stands at a breakpoint of a debugger since ${iso(blocked?.since)}`),
    ...busy.map(
      ({ id, blocked }) => `${id} has been busy in one call since ${iso(blocked?.since)}, and answers nothing else meanwhile`,
    ),
  ].join('; ');
  return [silent.length + over.length > 0 ? DeploymentEvent.FAILED : DeploymentEvent.SETTLED, words];
}

function iso(time: number | null | undefined): string {
  return new Date(time ?? 0).toISOString();
}

/** What the missing replicas of a deployment wait for; `null` if they are being started. Pure. */
export function waitOf(
  app: string,
  target: AppTarget,
  version: AppVersion,
  { name, replicaHash }: DeploymentSpec,
  actual: ActualView,
): string | null {
  const pending = actual.pending.get(groupKey(app, name, replicaHash));
  if (pending !== undefined) return `waits for room: ${pending.reason}`;
  const equipment = actual.equipment.get(groupKey(app, name, replicaHash));
  if (equipment?.folder === null) return `installs ${equipment.names} with npm`;
  if (runningIn(actual.groups, groupKey(app, name, replicaHash)) > 0) return null;
  const [inner] = missingDependencies(app, target, version, name, actual.groups);
  if (inner === undefined) return null;
  const wait = waitOf(app, target, version, inner, actual);
  if (wait !== null) return `waits for ${inner.name}, which ${wait}`;
  const failure = presentFailure(actual.failures.get(groupKey(app, inner.name, inner.replicaHash)));
  return `waits for ${inner.name}${failure === undefined ? ', of which no replica runs yet' : `: ${failure.error.message}`}`;
}
