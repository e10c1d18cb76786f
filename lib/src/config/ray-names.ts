/** Ray Serve's names of what a configuration says, so that its YAML files are understood. */

/** How one of Ray's keys is read. */
export type RayName =
  /** Another name of the same value. */
  | { readonly option: string }
  /** Seconds; here the option is in milliseconds. */
  | { readonly seconds: string }
  /** It has no meaning here, and is left out with this note. */
  | { readonly ignored: string }
  /** It cannot be left out without changing what runs. */
  | { readonly refused: string };
export type RayNames = Readonly<Record<string, RayName>>;

const logging: RayName = { ignored: 'the level of the log is the environment variable NBSERVE_LOG_LEVEL' };
const python: RayName = { refused: 'it is for Python; install npm packages in the folder of the module' };

export const RAY_CONFIG: RayNames = {
  logging_config: logging,
  target_capacity: { ignored: 'the number of replicas is numReplicas or autoscaling alone' },
};

export const RAY_HTTP: RayNames = {
  root_path: { ignored: 'routes are those of routePrefix' },
  request_timeout_s: { ignored: 'requestTimeout is an option of each deployment' },
  keep_alive_timeout_s: { ignored: 'idle connections are closed by the proxy' },
  ssl_keyfile: { ignored: 'TLS is for a server in front' },
  ssl_certfile: { ignored: 'TLS is for a server in front' },
  num_cpus: { ignored: 'the proxy reserves nothing' },
  location: { option: 'proxyLocation' },
  host: { option: 'host' },
  port: { option: 'port' },
};

export const RAY_GRPC: RayNames = {
  grpc_servicer_functions: { refused: 'they are functions of Python; name the proto files instead: protos: [./words.proto]' },
  request_timeout_s: { ignored: 'requestTimeout is an option of each deployment' },
};

export const RAY_APPLICATION: RayNames = {
  logging_config: logging,
  external_scaler_enabled: { ignored: 'numReplicas can always be changed by a deploy' },
};

export const RAY_RUNTIME_ENV: RayNames = {
  pip: python,
  uv: python,
  conda: python,
  py_modules: python,
  py_executable: python,
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
  placement_group_bundles: { refused: 'reserve what one replica needs with resources' },
  placement_group_strategy: { refused: 'reserve what one replica needs with resources' },
  request_router_config: { ignored: 'routers choose the less loaded of two replicas' },
};

export const RAY_ACTOR: RayNames = {
  num_cpus: { option: 'cpu' },
  num_gpus: { option: 'gpu' },
  memory: { option: 'memory' },
  resources: { option: 'custom' },
  object_store_memory: { ignored: 'there is no object store' },
  accelerator_type: { refused: 'declare a resource of your own, and reserve it: resources: { custom: { A100: 1 } }' },
};

export const RAY_AUTOSCALING: RayNames = {
  target_num_ongoing_requests_per_replica: { option: 'targetOngoingRequests' },
  max_num_ongoing_requests_per_replica: { ignored: 'maxOngoingRequests is an option of the deployment' },
  smoothing_factor: { option: 'upscalingFactor' },
  upscale_smoothing_factor: { option: 'upscalingFactor' },
  downscale_smoothing_factor: { option: 'downscalingFactor' },
  metrics_interval_s: { seconds: 'metricsInterval' },
  look_back_period_s: { seconds: 'lookBackPeriod' },
  downscale_to_zero_delay_s: { ignored: 'downscaleDelay counts for the last replica too' },
  aggregation_function: { ignored: 'the load is averaged' },
  policy: { refused: 'a policy is a function: give it in code, with serve.deployment(…, { autoscaling: { policy } })' },
};
