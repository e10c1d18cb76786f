import { noteOwnClass } from '../code/index.js';
import { type Client, runApplication } from '../host/index.js';
import { type DeploymentHandle, type DeploymentOptions, type ServeStatus, serve } from '../serve/index.js';
import { ModelNameTaken, ServerNameTaken } from './errors.js';
import { ModelServer } from './model-server.js';
import { type ModelSpec, USUAL_BATCH } from './model-spec.js';
import { MODEL_DEPLOYMENT, pathOf, REPOSITORY_APP, REPOSITORY_DEPLOYMENT, SERVER_PATH } from './names.js';
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
  // One that is being deleted has given its name free.
  if (running !== undefined && running.status !== 'DELETING' && running.ingress !== MODEL_DEPLOYMENT)
    throw ModelNameTaken({ name: application });
  const { numReplicas = spec.numReplicas, autoscaling, resources } = deployment;
  const gpu = resources?.gpu ?? spec.gpus ?? (needsGpu(spec) && nodes.some(({ total }) => total.gpu > 0) ? 1 : 0);
  // What the configuration of the protocol tells is what runs.
  const told = typeof numReplicas === 'number' ? { ...spec, gpus: gpu, numReplicas } : { ...spec, gpus: gpu };
  const bound = serve
    .deployment(ModelServer, {
      maxOngoingRequests: 2 * (spec.maxBatchSize ?? USUAL_BATCH) + SPARE_REQUESTS,
      // A model has no state between requests, so a request can be sent again if its replica ends.
      idempotent: true,
      ...deployment,
      name: MODEL_DEPLOYMENT,
      ...(autoscaling === undefined ? { numReplicas } : {}),
      ...(gpu > 0 ? { resources: { ...resources, gpu } } : {}),
    })
    .bind(told as never);
  return runApplication(Promise.resolve(client), bound, {
    name: application,
    routePrefix: hasRoute ? pathOf(spec.name) : null,
  }) as Promise<DeploymentHandle<ModelServer>>;
}

/** Whether the model was asked to run on a GPU. A replica that has reserved none sees none. */
const needsGpu = ({ device }: ModelSpec): boolean => device === 'cuda' || device === 'webgpu';

/** Runs the application of the server and its repository, if it does not run yet. @throws NBS_OIP_SERVER_NAME_TAKEN, and why it could not be started */
export async function deployRepository(client: Client): Promise<void> {
  const { applications } = await client.call('status', undefined);
  if (isRepositoryThere(applications)) return;
  const bound = serve
    .deployment(Repository, { name: REPOSITORY_DEPLOYMENT, maxOngoingRequests: 512, idempotent: true })
    .bind(client.cluster.dir as never);
  await runApplication(Promise.resolve(client), bound, {
    name: REPOSITORY_APP,
    routePrefix: SERVER_PATH,
  });
}

/** Whether the repository runs or is being started. One that failed or is being deleted has to be run again. @throws NBS_OIP_SERVER_NAME_TAKEN */
export function isRepositoryThere(applications: ServeStatus['applications']): boolean {
  const known = Object.hasOwn(applications, REPOSITORY_APP) ? applications[REPOSITORY_APP] : undefined;
  if (known === undefined || known.status === 'DELETING') return false;
  if (known.ingress !== REPOSITORY_DEPLOYMENT || known.routePrefix !== SERVER_PATH)
    throw ServerNameTaken({ name: REPOSITORY_APP });
  return known.status !== 'DEPLOY_FAILED';
}
