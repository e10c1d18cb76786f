import { defineError } from '../core/index.js';

export const NotDeployable = defineError(
  'NBS_NOT_DEPLOYABLE',
  400,
  'serve.deployment takes a class or a function, got {value}; write serve.deployment(class Chat { … })',
);
export const NameRequired = defineError(
  'NBS_NAME_REQUIRED',
  400,
  "this deployment has no name: name the class or function, or pass one: serve.deployment(…, { name: 'hello' })",
);
export const BatchedHook = defineError(
  'NBS_BATCHED_HOOK',
  400,
  '{deployment}: the cluster calls {method} itself, with one value and not with a list, so it cannot be batched; decorate another method with @serve.batch, and call that with a list: `const [result] = await this.predict([item])`',
);
export const OptionsExclude = defineError(
  'NBS_OPTIONS_EXCLUDE',
  400,
  "{where}: options numReplicas and autoscaling exclude each other; with autoscaling, leave numReplicas out or set it to 'auto'",
);
export const HedgingNeedsIdempotent = defineError(
  'NBS_HEDGING_NEEDS_IDEMPOTENT',
  400,
  "{where}: hedging runs a request twice, so it is for idempotent methods; name them as in idempotent: ['fetch'], or leave hedging out",
);
export const NotAnApplication = defineError(
  'NBS_NOT_AN_APPLICATION',
  400,
  'serve.run takes a bound deployment, got {value}; write serve.run(Chat.bind(…))',
);
export const InvalidLocal = defineError(
  'NBS_INVALID_LOCAL',
  400,
  'serve.run: local is true, or { port } with a port of 0 to 65535, not {value}',
);
export const InvalidGraphHttp = defineError(
  'NBS_INVALID_GRAPH_HTTP',
  400,
  "serve.graph: http is 'request' (the input is the Request) or 'json' (the input is the value of its JSON body), not {value}",
);
export const InvalidRoutePrefix = defineError(
  'NBS_INVALID_ROUTE_PREFIX',
  400,
  "route prefix {prefix} is not valid: it is '/' or starts with '/', has no '/' at its end, no '?', '#', backslash, space or brace, no part '.' or '..', and is not below '/-'; or null for no route",
);
export const InvalidAppName = defineError(
  'NBS_INVALID_APP_NAME',
  400,
  "application name {name} is not valid: use letters, digits, '_', '-' and '.', starting with a letter or digit",
);
export const NoModule = defineError(
  'NBS_NO_MODULE',
  400,
  'the source of deployment {name} cannot be found: define it in a notebook cell, or in a module file and run it with `nbserve run file.ts:app`',
);
export const NoPolicySource = defineError(
  'NBS_NO_POLICY_SOURCE',
  400,
  'the source of the autoscaling policy of {deployment} cannot be found: write an arrow function at that place, autoscaling: { policy: (metrics) => … }, or name a function that is declared at the top level of a cell or module',
);
export const NoGrpcThere = defineError(
  'NBS_NO_GRPC_THERE',
  409,
  'the cluster in {dir} runs already and answers no gRPC; end it with serve.shutdown() or nbserve stop, and start it with the option grpc',
);
export const AlreadyConnected = defineError(
  'NBS_ALREADY_CONNECTED',
  409,
  'this process already uses the cluster at {url} in {dir}; leave or end that one first with serve.shutdown()',
);
export const InvalidAddress = defineError(
  'NBS_INVALID_ADDRESS',
  400,
  "address {address} is not valid: write 'auto' (your detached cluster, if one is running), or the folder, the name or the URL of one cluster, as `nbserve status` lists them",
);
export const AddressOfRay = defineError(
  'NBS_ADDRESS_OF_RAY',
  400,
  "at {address}, no cluster of yours on this machine is reached, neither itself nor its REST API nor the Ray that it runs on; `nbserve status` lists them, and a cluster of another machine is changed there or by its REST API; to start one on Ray, write engine: 'ray' (in a shell: nbserve start --engine ray), or set NBSERVE_ENGINE=ray and RAY_API_SERVER_ADDRESS",
);
export const AlreadyRunning = defineError(
  'NBS_ALREADY_RUNNING',
  409,
  'the cluster of this process runs at {url} already, not at port {port}; end it first with serve.shutdown()',
);
export const NoSuchApp = defineError('NBS_NO_SUCH_APP', 404, 'no application {app} runs; running: {running}');
export const NotRepeatable = defineError(
  'NBS_NOT_REPEATABLE',
  400,
  'deployment {name} is defined by a call from a notebook cell into {file}; a replica runs that file alone, without the call: export the class or function from the file, and write serve.deployment(…) at the top level of the file',
);
export const ModuleChanged = defineError(
  'NBS_MODULE_CHANGED',
  409,
  '{file} has changed since it defined deployment {name}: run it again, so that what you deploy is what it says now',
);
export const BadRuntimeEnv = defineError('NBS_RUNTIME_ENV', 400, 'deployment {deployment}: runtimeEnv.{option}: {problem}');
export const UnknownDeployment = defineError(
  'NBS_UNKNOWN_DEPLOYMENT',
  400,
  'the configuration of application {app} names the deployment {deployment}, which it does not have; its deployments are {valid}',
);
export const NotInReplica = defineError(
  'NBS_NOT_IN_REPLICA',
  409,
  'serve.getReplicaContext() says which replica runs the code; this code runs in a script or notebook: call it in a method or constructor of a deployment',
);
