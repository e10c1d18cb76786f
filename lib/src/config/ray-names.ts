/** Ray Serve's names of what a configuration says, so that its YAML files are understood. */

/** How one of Ray's keys is read. */
export type RayName =
  /** Another name of the same value. */
  | { readonly option: string }
  /** The value of several options, unless another key gives one of them. */
  | { readonly defaultOf: readonly string[] }
  /** Seconds; here the option is in milliseconds. */
  | { readonly seconds: string }
  /** It has no meaning here, and is left out with this note. */
  | { readonly ignored: string }
  /** It cannot be left out without changing what runs. */
  | { readonly refused: string };
export type RayNames = Readonly<Record<string, RayName>>;

const logging: RayName = { ignored: 'the level of the log is the environment variable NBSERVE_LOG_LEVEL' };
const policy: RayName = {
  refused: 'a policy is a function: give it in code, with serve.deployment(…, { autoscaling: { policy } })',
};
const oneProcess: RayName = { refused: 'a replica is one process; reserve what it needs with resources' };
const ownResource: RayName = {
  refused: 'declare a resource of your own, and reserve it: resources: { custom: { A100: 1 } }',
};
const rolling: RayName = { ignored: 'rollingUpdate: { maxSurge, maxUnavailable } replaces a few replicas at a time' };
const python: RayName = { refused: 'it is for Python; name npm packages with runtimeEnv: { npm: [] } of a deployment' };

export const RAY_CONFIG: RayNames = {
  logging_config: logging,
  tracing_config: { ignored: 'there is no tracing' },
  controller_options: { ignored: 'the controller has no settings' },
  target_capacity: { ignored: 'the number of replicas is numReplicas or autoscaling alone' },
};

export const RAY_HTTP: RayNames = {
  root_path: { ignored: 'routes are those of routePrefix' },
  request_timeout_s: { ignored: 'requestTimeout is an option of each deployment' },
  keep_alive_timeout_s: { ignored: 'idle connections are closed by the proxy' },
  ssl_ca_certs: { ignored: 'clients are not asked for certificates' },
  num_cpus: { ignored: 'the proxy reserves nothing' },
  location: { option: 'proxyLocation' },
  host: { option: 'host' },
  port: { option: 'port' },
};

export const RAY_GRPC: RayNames = {
  grpc_servicer_functions: { refused: 'they are functions of Python; name the proto files instead: protos: [./words.proto]' },
  request_timeout_s: { ignored: 'requestTimeout is an option of each deployment' },
  enable_reflection: { ignored: 'reflection is always there' },
};

export const RAY_APPLICATION: RayNames = {
  host: { ignored: 'the address is that of http_options' },
  port: { ignored: 'the address is that of http_options' },
  autoscaling_policy: policy,
  logging_config: logging,
  external_scaler_enabled: { ignored: 'numReplicas can always be changed by a deploy' },
};

export const RAY_RUNTIME_ENV: RayNames = {
  pip: python,
  uv: python,
  conda: python,
  py_modules: python,
  py_executable: python,
  java_jars: { refused: 'it is for Java' },
  worker_process_setup_hook: { refused: "load a module first, with runtimeEnv: { nodeFlags: ['--import=./first.mjs'] }" },
  container: { refused: 'run the whole cluster in a container' },
  image_uri: { refused: 'run the whole cluster in a container' },
  excludes: { ignored: 'nothing is uploaded' },
  config: { ignored: 'nothing is installed' },
};

export const RAY_DEPLOYMENT: RayNames = {
  autoscaling_config: { option: 'autoscaling' },
  max_concurrent_queries: { option: 'maxOngoingRequests' },
  logging_config: logging,
  graceful_shutdown_wait_loop_s: { ignored: 'a replica ends as soon as its last request is answered' },
  max_replicas_per_node: { ignored: 'replicas are spread by their resources' },
  placement_group_bundles: oneProcess,
  placement_group_strategy: oneProcess,
  placement_group_bundle_label_selector: oneProcess,
  gang_scheduling_config: oneProcess,
  deployment_actors: { refused: 'bind a deployment with one replica, which all replicas call' },
  backpressure_config: { ignored: 'a full queue is answered with 503' },
  rolling_update_percentage: rolling,
  max_surge_percent: rolling,
  request_router_config: { ignored: 'routers choose the less loaded of two replicas' },
};

export const RAY_ACTOR: RayNames = {
  num_cpus: { option: 'cpu' },
  num_gpus: { option: 'gpu' },
  memory: { option: 'memory' },
  resources: { option: 'custom' },
  object_store_memory: { ignored: 'there is no object store' },
  accelerator_type: ownResource,
  label_selector: ownResource,
  fallback_strategy: ownResource,
};

export const RAY_AUTOSCALING: RayNames = {
  target_num_ongoing_requests_per_replica: { option: 'targetOngoingRequests' },
  max_num_ongoing_requests_per_replica: { ignored: 'maxOngoingRequests is an option of the deployment' },
  smoothing_factor: { defaultOf: ['upscalingFactor', 'downscalingFactor'] },
  upscale_smoothing_factor: { option: 'upscalingFactor' },
  downscale_smoothing_factor: { option: 'downscalingFactor' },
  metrics_interval_s: { seconds: 'metricsInterval' },
  look_back_period_s: { seconds: 'lookBackPeriod' },
  downscale_to_zero_delay_s: { ignored: 'downscaleDelay counts for the last replica too' },
  aggregation_function: { ignored: 'the load is averaged' },
  policy,
};
