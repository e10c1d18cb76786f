const TENSOR = {
  type: 'object',
  required: ['name', 'shape', 'datatype'],
  properties: {
    name: { type: 'string' },
    shape: { type: 'array', items: { type: 'integer', minimum: 0 } },
    datatype: { type: 'string', examples: ['FP32', 'INT64', 'BYTES'] },
    parameters: { type: 'object' },
    data: {
      type: 'array',
      description: 'the values, nested or row-major in one list',
    },
  },
};
const ERROR = {
  description: 'what is wrong',
  content: {
    'application/json': { schema: { $ref: '#/components/schemas/error' } },
  },
};

const json = (schema: object): object => ({ 'application/json': { schema } });
const answer = (description: string, schema: object = { type: 'object' }): object => ({
  responses: { 200: { description, content: json(schema) }, '4XX': ERROR },
});

/** The OpenAPI document of a server: its own paths, and those of the models that are loaded. */
export function openapiOf(models: readonly Readonly<Record<string, unknown>>[]): object {
  const paths: Record<string, object> = {
    '/v2': {
      get: { summary: 'the server', ...answer('name, version and extensions') },
    },
    '/v2/health/live': {
      get: { summary: 'whether the server runs', ...answer('it runs') },
    },
    '/v2/health/ready': {
      get: {
        summary: 'whether every model is ready',
        ...answer('all are ready'),
      },
    },
    '/v2/models/stats': {
      get: { summary: 'the statistics of every model', ...answer('the counts and times of the replicas that answer') },
    },
    '/v2/repository/index': {
      post: {
        summary: 'the models that there are',
        ...answer('the index', { type: 'array', items: { type: 'object' } }),
      },
    },
    '/v2/repository/models/{name}/load': {
      post: {
        summary: 'load a model',
        parameters: [NAME],
        ...answer('it is ready'),
      },
    },
    '/v2/repository/models/{name}/unload': {
      post: {
        summary: 'unload a model',
        parameters: [NAME],
        ...answer('it is unloaded'),
      },
    },
  };
  for (const { name, inputs } of models) {
    const path = `/v2/models/${String(name)}`;
    const body = { required: true, content: json({ $ref: '#/components/schemas/request', 'x-inputs': inputs }) };
    const outputs = answer('the outputs', { $ref: '#/components/schemas/response' });
    for (const [below, which] of [
      ['', String(name)],
      ['/versions/{version}', `a version of ${String(name)}`],
    ] as const) {
      const at = `${path}${below}`;
      const shared = below === '' ? {} : { parameters: [VERSION] };
      const get = (summary: string, description: string) => ({ ...shared, get: { summary, ...answer(description) } });
      paths[at] = get(`inputs and outputs of ${which}`, 'the metadata');
      paths[`${at}/ready`] = get(`whether ${which} is ready`, 'it is ready');
      paths[`${at}/config`] = get(`the configuration of ${which}`, "the configuration, with the field names of Triton's");
      paths[`${at}/stats`] = get(`the statistics of ${which}`, 'the counts and times of the replica that answers');
      paths[`${at}/infer`] = { ...shared, post: { summary: `run ${which}`, requestBody: body, ...outputs } };
    }
  }
  const tensors = {
    type: 'array',
    items: { $ref: '#/components/schemas/tensor' },
  };
  return {
    openapi: '3.1.0',
    info: { title: 'Open Inference Protocol', version: '2' },
    paths,
    components: {
      schemas: {
        tensor: TENSOR,
        request: {
          type: 'object',
          required: ['inputs'],
          properties: {
            id: { type: 'string' },
            inputs: tensors,
            outputs: { type: 'array' },
          },
        },
        response: {
          type: 'object',
          properties: {
            model_name: { type: 'string' },
            model_version: { type: 'string' },
            outputs: tensors,
          },
        },
        error: {
          type: 'object',
          properties: { error: { type: 'string' }, code: { type: 'string' } },
        },
      },
    },
  };
}

const NAME = {
  name: 'name',
  in: 'path',
  required: true,
  schema: { type: 'string' },
};
const VERSION = { ...NAME, name: 'version' };
