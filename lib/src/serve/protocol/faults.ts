import type { DeploymentRoute } from './routes.js';

/**
 * Checks of the messages between processes of the cluster. Without them, a process that sends nonsense could stop others.
 * Each function says what is wrong, or returns null.
 */

type Fields = Readonly<Record<string, unknown>>;

const fieldsOf = (value: unknown): Fields => (isTable(value) ? value : {});
const isTable = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === 'string';
const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every(isText);
const isAmount = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value) && value >= 0;
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

/** What is wrong with a `DemandReport`. */
export function demandFault(report: unknown): string | null {
  const { deployments } = fieldsOf(report);
  if (!isTable(deployments)) return 'a report of demand without deployments';
  const odd = Object.entries(deployments).find(([, demand]) => {
    const { average, periodMs, now } = fieldsOf(demand);
    return ![average, periodMs, now].every(isAmount);
  });
  return odd === undefined ? null : `the demand for ${odd[0]} is not a number`;
}

/** What is wrong with a `TrafficReport`. */
export function trafficFault(report: unknown): string | null {
  if (!Array.isArray(report)) return 'a report of traffic that is not a list';
  for (const tally of report) {
    const { prefix, rule, versions, mirror } = fieldsOf(tally);
    if (!isText(prefix) || !isAmount(rule) || !isTable(versions)) return 'a report of traffic without prefix, rule or versions';
    const all = [...Object.values(versions), ...(mirror === null || mirror === undefined ? [] : [mirror])];
    if (!all.every(isTally)) return `what is counted of ${prefix} is not a number`;
  }
  return null;
}

function isTally(tally: unknown): boolean {
  const { requests, failures, latencies, dropped = 0, streamed = 0 } = fieldsOf(tally);
  if (![requests, failures, dropped, streamed].every(isCount) || !isTable(latencies)) return false;
  return Object.entries(latencies).every(([bucket, count]) => isCount(Number(bucket)) && isCount(count));
}

/** What is wrong with a `ReplicaReady`. */
export function readyFault(ready: unknown): string | null {
  const { methods, http, models = [] } = fieldsOf(ready);
  if (!isTexts(methods) || typeof http !== 'boolean') return 'it does not say what it offers';
  return modelsFault(models);
}

/** What is wrong with the models that a replica has loaded. */
export function modelsFault(models: unknown): string | null {
  const isModel = (model: unknown): boolean => {
    const { name, device, requested, place, failed } = fieldsOf(model);
    return [name, device, requested, place].every(isText) && isTexts(failed);
  };
  return Array.isArray(models) && models.every(isModel) ? null : 'it does not say which models it has';
}

/** Entries that were checked before: a snapshot has thousands, and few of them are new. */
const sound = new WeakSet<object>();

/** What is wrong with a `RouteSnapshot`. */
export function snapshotFault(snapshot: unknown): string | null {
  const { version, routes, rising = [], ingresses, deployments } = fieldsOf(snapshot);
  if (!isCount(version) || !Array.isArray(routes) || !isTable(ingresses) || !isTable(deployments)) return 'it is not a snapshot';
  if (!Array.isArray(rising) || !rising.every((route) => isText(fieldsOf(route).prefix)))
    return 'an application that is being started has no route';
  const oddRoute = routes.findIndex((route) => !isRoute(route));
  if (oddRoute >= 0) return `its route ${oddRoute} is not valid`;
  for (const [key, route] of Object.entries(deployments)) {
    if (isTable(route) && sound.has(route)) continue;
    if (!key.includes('/') || !isDeploymentRoute(route)) return `its deployment ${key} is not valid`;
    sound.add(route);
  }
  return null;
}

function isRoute(route: unknown): boolean {
  const { prefix, app, deployment, split } = fieldsOf(route);
  if (!isText(prefix) || !prefix.startsWith('/') || !isText(app) || !isText(deployment)) return false;
  if (split === undefined) return true;
  const { arms, mirror, stickyBy, reportMs } = fieldsOf(split);
  const armsFit = Array.isArray(arms) && arms.length > 0 && arms.every((arm) => isNamed(arm) && isAmount(fieldsOf(arm).weight));
  return (
    armsFit && isAmount(reportMs) && (mirror === undefined || isNamed(mirror)) && (stickyBy === undefined || isTable(stickyBy))
  );
}

function isNamed(value: unknown): boolean {
  const { app, deployment } = fieldsOf(value);
  return isText(app) && isText(deployment);
}

function isDeploymentRoute(value: unknown): value is DeploymentRoute {
  const { app, name, replicas, hung, lost, maxOngoingRequests, maxQueuedRequests, requestTimeoutMs, ...more } = fieldsOf(value);
  const { idempotent, hedging, methods, http, unavailable, autoscaling } = more;
  const isReplica = (one: unknown): boolean => isText(fieldsOf(one).id) && isText(fieldsOf(one).path);
  return (
    isText(app) &&
    isText(name) &&
    Array.isArray(replicas) &&
    replicas.every(isReplica) &&
    (hung === undefined || isTexts(hung)) &&
    (lost === undefined || isTexts(lost)) &&
    isAmount(maxOngoingRequests) &&
    typeof maxQueuedRequests === 'number' &&
    (requestTimeoutMs === null || isAmount(requestTimeoutMs)) &&
    (idempotent === true || isTexts(idempotent)) &&
    (methods === null || isTexts(methods)) &&
    typeof http === 'boolean' &&
    (unavailable === undefined || isText(unavailable)) &&
    (hedging === undefined || (isAmount(fieldsOf(hedging).delayMs) && isAmount(fieldsOf(hedging).maxExtra))) &&
    (autoscaling === undefined || (isAmount(fieldsOf(autoscaling).metricsIntervalMs) && isAmount(fieldsOf(autoscaling).holdMs)))
  );
}
