import type { ApplicationConfig } from '../config/index.js';
import type { ServeStatus } from '../host/index.js';

type Declared = Readonly<Record<string, ApplicationConfig>>;
type Application = ServeStatus['applications'][string];
type Replica = Application['deployments'][string]['replicas'][number];

/** Ray Serve's names of the states that have another name here. */
const DEPLOYMENT_STATES: Readonly<Record<string, string>> = { FAILED: 'DEPLOY_FAILED' };
const REPLICA_STATES: Readonly<Record<string, string>> = { INITIALIZING: 'STARTING', DRAINING: 'STOPPING' };

/** The status in the form in which Ray Serve's REST API gives it (`ServeInstanceDetails`), as far as there is something to say. */
export function rayDetails(status: ServeStatus, declared: Declared): Readonly<Record<string, unknown>> {
  const { hostname = null, port = null } = status.url === '' ? {} : new URL(status.url);
  const proxies = status.nodes.flatMap(({ id, ip, alive, url }) =>
    url === null ? [] : [[id, { node_id: id, node_ip: ip, status: alive ? 'HEALTHY' : 'UNHEALTHY' }] as const],
  );
  const applications = Object.entries(status.applications).map(
    ([name, app]) => [name, rayApplication(name, app, declared[name], status)] as const,
  );
  return {
    http_options: { host: hostname, port: port === null ? null : Number(port) },
    grpc_options: grpcOptions(status.grpc),
    proxies: Object.fromEntries(proxies),
    target_capacity: null,
    warnings: status.warnings,
    applications: Object.fromEntries(applications),
  };
}

/** @param address such as `127.0.0.1:9000`; empty if gRPC is not answered */
function grpcOptions(address: string): object | null {
  return address === ''
    ? null
    : { host: address.slice(0, address.lastIndexOf(':')), port: Number(address.slice(address.lastIndexOf(':') + 1)) };
}

export function rayApplication(
  name: string,
  { status, message, routePrefix, lastDeployedAt, deployments }: Application,
  config: ApplicationConfig | undefined,
  { nodes }: ServeStatus,
): Readonly<Record<string, unknown>> {
  const replicaOf = ({ id, state, pid, node }: Replica) => {
    const on = nodes.find((one) => one.id === node) ?? nodes[0];
    return { replica_id: id, state: REPLICA_STATES[state] ?? state, pid, node_id: on?.id ?? null, node_ip: on?.ip ?? null };
  };
  const all = Object.entries(deployments).map(([deployment, one]) => [
    deployment,
    {
      name: deployment,
      status: DEPLOYMENT_STATES[one.status] ?? one.status,
      message: one.message,
      target_num_replicas: one.numReplicas,
      replicas: one.replicas.map(replicaOf),
    },
  ]);
  return {
    name,
    route_prefix: routePrefix,
    docs_path: null,
    status,
    message,
    last_deployed_time_s: lastDeployedAt / 1000,
    source: config === undefined ? 'imperative' : 'declarative',
    deployed_app_config: config ?? null,
    deployments: Object.fromEntries(all),
  };
}
