/** The name of the application that answers for the server and its repository. */
export const REPOSITORY_APP = 'models';
/** The name of its deployment. */
export const REPOSITORY_DEPLOYMENT = 'Repository';
/** The path below which it answers. */
export const SERVER_PATH = '/v2';
/** The name of the deployment of each model. The repository finds the models by it. */
export const MODEL_DEPLOYMENT = 'OnnxModel';

/** The path below which a model answers. */
export const pathOf = (model: string): string => `/v2/models/${model}`;

/** The model that answers below a route prefix; `undefined` if it is not the route of a model. */
export const modelAt = (prefix: string | null): string | undefined => /^\/v2\/models\/([^/]+)$/.exec(prefix ?? '')?.[1];
