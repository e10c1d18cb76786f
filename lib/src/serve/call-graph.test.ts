import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serve } from './index.js';

const Model = serve.deployment(
  class Model {
    predict(value: number) {
      return value;
    }
    add(a: number, b: number) {
      return a + b;
    }
  },
  { name: 'Model' },
);
const fn = serve.deployment((value: number) => value + 1, { name: 'fn' });
const model = Model.bind();
type Build = Parameters<typeof serve.graph>[0];
const graph = (build: unknown) => serve.graph(build as Build);

test('the text names the nodes and what they take', () => {
  const shared = (input: never) => {
    const first = fn.bind(input);
    return model.add.bind(first, model.predict.bind(model.predict.bind(first)));
  };
  const { text } = graph(shared);
  assert.equal(
    text,
    'graph of 4 nodes\nfn takes the input\nModel.predict takes fn\nModel.predict#2 takes Model.predict\nModel.add takes fn and Model.predict#2, and gives the result',
  );
});

test('the picture contains the text, and what user code named is escaped', () => {
  const odd = serve.deployment((value: number) => value, { name: 'a<b&"c"' });
  const { svg } = graph((input: never) => odd.bind(fn.bind(input)));
  assert.match(svg, /^<svg [^>]*role="img" aria-labelledby="graph-\w+-t graph-\w+-d"/);
  assert.match(
    svg,
    /<desc id="graph-\w+-d">graph of 2 nodes\nfn takes the input\na&lt;b&amp;&quot;c&quot; takes fn, and gives the result<\/desc>/,
  );
  assert.doesNotMatch(svg, /a<b/);
});

test('what is no graph is refused with a code', () => {
  const cases: readonly (readonly [build: unknown, code: string])[] = [
    [() => 3, 'NBS_NOT_A_NODE'],
    [() => undefined, 'NBS_NOT_A_NODE'],
    [(input: unknown) => input, 'NBS_NOT_A_NODE'],
    [async () => model.predict.bind(1), 'NBS_NOT_A_NODE'],
    [() => model, 'NBS_NOT_A_NODE'],
    [(input: never) => [model.predict.bind(input)], 'NBS_NOT_A_NODE'],
    [() => model.predict.bind(Model.bind() as never), 'NBS_DEPLOYMENT_AS_ARGUMENT'],
    [() => model.predict.bind((() => 1) as never), 'NBS_CANNOT_CLONE'],
    [() => (model as never as { fetch: { bind(): unknown } }).fetch.bind(), 'NBS_NOT_A_CALL'],
  ];
  for (const [build, code] of cases) assert.throws(() => graph(build), { code }, String(build));
  assert.throws(() => serve.graph(() => model.predict.bind(1), { http: 'xml' as 'json' }), { code: 'NBS_INVALID_GRAPH_HTTP' });
  assert.throws(() => serve.graph(() => model.predict.bind(1), { replicas: 2 } as never), { code: 'NBS_UNKNOWN_OPTION' });
});

test('the input of another graph is refused', () => {
  let other: unknown;
  graph((input: unknown) => {
    other = input;
    return fn.bind(1);
  });
  assert.throws(() => graph(() => fn.bind(other as never)), { code: 'NBS_FOREIGN_INPUT' });
});

test('a node makes no promise of its deployment', async () => {
  assert.equal(await model, model);
  assert.equal(JSON.stringify({ graph: 1 }), '{"graph":1}');
  assert.equal(String(model), 'Application(Model)');
});
