import { noteOwnClass } from '../code/index.js';
import { type Client, runApplication } from '../host/index.js';
import { type DeploymentHandle, type DeploymentOptions, serve } from '../serve/index.js';
import { ModelNameTaken } from './errors.js';
import { ModelServer } from './model-server.js';
import { type ModelSpec, USUAL_BATCH } from './model-spec.js';
import { MODEL_DEPLOYMENT, pathOf, REPOSITORY_APP } from './names.js';
import { Repository } from './repository.js';

noteOwnClass(ModelServer, {
  name: 'ModelServer',
  module: new URL('./model-server.js', import.meta.url).href,
});
noteOwnClass(Repository, {
  name: 'Repository',
  module: new URL('./repository.js', import.meta.url).href,
});

/** Requests that a replica takes at the same time: two full batches, and some that are being read or written. */
const SPARE_REQUESTS = 16;

/** Runs a model as an application, or updates it. @throws NBS_OIP_NAME_TAKEN, and what the load of the model throws */
export async function deployModel(
  client: Client,
  spec: ModelSpec,
  options: {
    readonly application: string;
    readonly hasRoute: boolean;
    readonly deployment: DeploymentOptions;
  },
): Promise<DeploymentHandle<ModelServer>> {
  const { application, hasRoute, deployment } = options;
  const { applications, nodes } = await client.call('status', undefined);
  const running = Object.hasOwn(applications, application) ? applications[application] : undefined;
  if (running !== undefined && running.ingress !== MODEL_DEPLOYMENT) throw ModelNameTaken({ name: application });
  const gpu = spec.gpus ?? (needsGpu(spec) && nodes.some(({ total }) => total.gpu > 0) ? 1 : 0);
  const bound = serve
    .deployment(ModelServer, {
      name: MODEL_DEPLOYMENT,
      ...(deployment.autoscaling === undefined ? { numReplicas: spec.numReplicas } : {}),
      maxOngoingRequests: 2 * (spec.maxBatchSize ?? USUAL_BATCH) + SPARE_REQUESTS,
      // A model has no state between requests, so a request can be sent again if its replica ends.
      idempotent: true,
      ...deployment,
      ...(gpu > 0 ? { resources: { gpu, ...deployment.resources } } : {}),
    })
    .bind({ ...spec, gpus: gpu } as never);
  return runApplication(Promise.resolve(client), bound, {
    name: application,
    routePrefix: hasRoute ? pathOf(spec.name) : null,
  }) as Promise<DeploymentHandle<ModelServer>>;
}

/** Whether the model was asked to run on a GPU. A replica that has reserved none sees none. */
const needsGpu = ({ device }: ModelSpec): boolean => device === 'cuda' || device === 'webgpu';

/** Runs the application of the server and its repository, if it does not run yet. */
export async function deployRepository(client: Client): Promise<void> {
  const { applications } = await client.call('status', undefined);
  if (Object.hasOwn(applications, REPOSITORY_APP)) return;
  const bound = serve.deployment(Repository, { maxOngoingRequests: 512, idempotent: true }).bind(client.cluster.dir as never);
  await runApplication(Promise.resolve(client), bound, {
    name: REPOSITORY_APP,
    routePrefix: '/v2',
  });
}
