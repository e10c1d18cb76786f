// The applications of the lessons that are asked by schemathesis. A lesson joins by one line.

const json = (schema) => ({ content: { 'application/json': { schema } }, required: true });
const answers = { responses: { 200: { description: 'the answer' } } };
const object = (properties) => ({ type: 'object', properties, required: Object.keys(properties) });
const number = (minimum, maximum) => ({ type: 'number', minimum, maximum });

const CHAT = { '/': { post: { requestBody: json(object({ input: { type: 'string' } })), ...answers } } };
const SHOUT = {
  '/shout': {
    get: { parameters: [{ name: 'text', in: 'query', required: true, schema: { type: 'string', minLength: 1 } }], ...answers },
  },
};
const LOAN = {
  '/loan-solution': {
    post: {
      requestBody: json(object({ totalPrice: number(0, 1e9), rate: number(0, 100), yearsOfLoan: number(1, 50) })),
      ...answers,
    },
  },
};
const query = (name, schema) => ({ parameters: [{ name, in: 'query', required: true, schema }], ...answers });
const bytes = (path) => ({
  [path]: {
    post: {
      requestBody: { content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } }, required: true },
      ...answers,
    },
  },
});
/** What a lesson says that it takes, and any other JSON: a client may send what it wants. */
const anyJson = (path) => ({ [path]: { post: { requestBody: json({}), ...answers } } });
const QUERIES = {
  '/hello': { get: query('name', { type: 'string' }) },
  '/Counter': { get: query('i', { type: 'string' }) },
  '/SimpleModel': { get: query('data', { type: 'string' }) },
};
/** Any text may come: what is no number is refused. */
const anyText = (path, name) => ({ [path]: { get: query(name, { type: 'string' }) } });
const MORE = {
  ...anyText('/square_solution', 'x'),
  ...anyText('/reverse_solution', 'text'),
  ...anyText('/Average_solution', 'value'),
  ...anyText('/Latest_solution', 'text'),
};
const rows = {
  type: 'array',
  items: { type: 'array', items: { type: 'number', minimum: -3, maximum: 3 }, minItems: 28, maxItems: 28 },
  minItems: 28,
  maxItems: 28,
};
const batch = { type: 'array', items: { type: 'array', items: rows, minItems: 1, maxItems: 1 }, minItems: 1, maxItems: 2 };
const MNIST = { '/mnist': { post: { requestBody: json(object({ image: batch })), ...answers } } };

const trip = object({
  distance: number(0, 1000),
  company: { type: 'string' },
  local: { type: 'boolean' },
  dow: { type: 'string' },
  month: { type: 'string' },
  hour: { type: 'integer', minimum: 0, maximum: 23 },
});
const TIPS = { '/': { post: { requestBody: json({ anyOf: [trip, { type: 'array', items: trip, minItems: 1 }] }), ...answers } } };
/** Reads the trips, trains, searches, and serves the best model. */
const OVERVIEW = ['cell-03', 'cell-05', 'cell-07', 'cell-13', 'cell-14', 'cell-24'];

/**
 * @typedef {object} LessonApp
 * @property {string} notebook file below `notebooks/`, without `.ipynb`
 * @property {readonly string[]} cells ids of the cells that run the application, in their order
 * @property {object} [paths] for an application that has no document of its own: what its lesson says that it takes. It checks nothing, so it is asked as the
 * lesson says.
 * @property {string} [document] path of its own document below the cluster's address. It is also asked in ways that the document does not allow.
 */
/** @type {readonly LessonApp[]} */
export const LESSON_APPS = [
  { notebook: '01-overview', cells: OVERVIEW, paths: TIPS },
  { notebook: '01-overview', cells: OVERVIEW, paths: anyJson('/') },
  { notebook: '02-hello-serve', cells: ['cell-04', 'cell-06'], paths: CHAT },
  { notebook: '02-hello-serve', cells: ['cell-23'], paths: SHOUT },
  { notebook: '02-hello-serve', cells: ['cell-35', 'cell-37', 'cell-39', 'cell-41'], paths: LOAN },
  { notebook: '03-chat', cells: ['cell-03'], paths: anyJson('/echo') },
  { notebook: '04-sentiment', cells: ['cell-03', 'cell-12'], document: '/openapi.json' },
  { notebook: '04-sentiment', cells: ['cell-03', 'cell-41'], paths: anyJson('/tone-solution') },
  { notebook: '05-images', cells: ['cell-10', 'cell-14'], paths: bytes('/') },
  { notebook: '05-images', cells: ['cell-10', 'cell-44'], paths: bytes('/mirror-solution') },
  { notebook: '09-mnist-serve', cells: ['cell-03', 'cell-07', 'cell-08'], paths: MNIST },
  { notebook: '09-mnist-serve', cells: ['cell-03', 'cell-07', 'cell-08'], paths: anyJson('/mnist') },
  {
    notebook: '09-mnist-serve',
    cells: ['cell-03', 'cell-07', 'cell-08', 'cell-40', 'cell-42', 'cell-44', 'cell-49'],
    paths: bytes('/image'),
  },
  {
    notebook: '09-mnist-serve',
    cells: ['cell-03', 'cell-07', 'cell-08', 'cell-40', 'cell-42', 'cell-59'],
    document: '/typed/openapi.json',
  },
  { notebook: '10-serving-challenges', cells: ['cell-03', 'cell-06', 'cell-08'], paths: QUERIES },
  { notebook: '10-serving-challenges', cells: ['cell-16'], paths: anyJson('/scorer-solution') },
  { notebook: '10-serving-challenges', cells: ['more-solution'], paths: MORE },
  { notebook: '10-serving-challenges', cells: ['cell-26'], paths: anyJson('/iris') },
  { notebook: '10-serving-challenges', cells: ['cell-26', 'cell-44'], paths: bytes('/batched') },
];
