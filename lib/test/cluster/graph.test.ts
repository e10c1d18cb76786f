import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type DeploymentHandle, type GraphNode, serve } from 'nbserve';
import {
  broken,
  diamond,
  join,
  Meter,
  pack,
  type Ring,
  reader,
  Segmenter,
  sharpen,
  unpack,
  Waiting,
} from '../fixtures/graph-apps.js';
import { trustedHeaders } from '../fixtures/trusted.js';
import { until } from '../fixtures/wait.js';

const segmenter = Segmenter.bind({ threshold: 100 });
const picture = serve.graph((input) => pack.bind(segmenter.segment.bind(sharpen.bind(unpack.bind(input)))), { name: 'Picture' });

let url: string;
before(async () => {
  ({ url } = await serve.run(picture, { name: 'picture' }));
});
after(() => serve.shutdown());

test('a request goes through the nodes, and the Response of the last one is the answer', async () => {
  const answer = await fetch(url, { method: 'POST', body: new Uint8Array([10, 50, 70]) });
  assert.deepEqual([answer.status, answer.headers.get('content-type')], [201, 'image/x-test']);
  assert.deepEqual([...new Uint8Array(await answer.arrayBuffer())], [0, 1, 1]);
  const { applications } = await serve.status();
  const { ingress, deployments } = applications.picture ?? assert.fail();
  assert.equal(ingress, 'Picture');
  assert.deepEqual(Object.keys(deployments).sort(), ['Picture', 'Segmenter', 'pack', 'sharpen', 'unpack']);
});

test('the status says what each node takes', async () => {
  const { deployments } = (await serve.status()).applications.picture ?? assert.fail();
  const text =
    'graph of 4 nodes\nunpack takes the input\nsharpen takes unpack\nSegmenter.segment takes sharpen\npack takes Segmenter.segment, and gives the result';
  assert.equal(deployments.Picture?.graph, text);
  assert.equal(deployments.unpack?.graph, undefined);
});

test('a large picture goes through too', async () => {
  const body = new Uint8Array(3 * 1024 * 1024).fill(60);
  const answer = await fetch(url, { method: 'POST', body });
  const bytes = new Uint8Array(await answer.arrayBuffer());
  assert.ok(bytes.length === body.length && bytes.every((byte) => byte === 1));
});

test('an error names its node, and keeps its status and code', async () => {
  const answer = await fetch(`${url}?broken`, { method: 'POST', body: 'x' });
  assert.equal(answer.status, 422);
  const app = await serve.run(broken, { name: 'broken', routePrefix: null });
  await assert.rejects(async () => app.remote(1), { code: 'BAD_SUM', message: 'node Meter.fail: does not add up' });
  await serve.delete('broken');
});

/** Sends a body, and returns the error that a stranger reads, and the message that who has the token reads. */
async function refusal(at: string, body: string) {
  const [stranger, trusted] = await Promise.all(
    [{}, trustedHeaders(at)].map(async (headers) => {
      const answer = await fetch(at, { method: 'POST', body, headers });
      const { error } = (await answer.json()) as { error: { code: string; message: string } };
      return { status: answer.status, code: error.code, message: error.message };
    }),
  );
  return { ...stranger, whole: trusted?.message };
}

test('a client that may read the message of an error does not read the name of the node', async () => {
  const { whole, ...told } = await refusal(`${url}?broken`, 'x');
  assert.deepEqual(told, { status: 422, code: 'NBS_USER_ERROR', message: 'no picture' });
  assert.equal(whole, 'node unpack: no picture');
});

test('a body that a node cannot read is the fault of the client', async () => {
  const app = await serve.run(
    serve.graph((input) => reader.bind(input)),
    { name: 'reading', routePrefix: '/reading' },
  );
  const { whole, ...told } = await refusal(app.url, '{');
  assert.deepEqual([told.status, told.code], [400, 'NBS_BAD_JSON']);
  assert.match(told.message ?? '', /^the request body is not valid JSON: /);
  assert.equal(whole, `node reader: ${told.message}`);
  for (const [body, what] of [
    ['null', 'null'],
    ['1', 'a number'],
  ] as const) {
    const simple = await refusal(app.url, body);
    assert.deepEqual([simple.status, simple.code], [400, 'NBS_BODY_NOT_OBJECT']);
    assert.equal(
      simple.message,
      `the request body is ${what}, but the handler expects something else; send what it reads, for example a JSON object`,
    );
    assert.match(simple.whole ?? '', /^node reader: the request body is .*: Cannot read properties of (null|undefined)/);
  }
  assert.equal((await fetch(app.url, { method: 'POST', body: '{}' })).status, 500);
  await serve.delete('reading');
});

test('the signal of the Request of a node aborts when the client leaves, wherever the Request is in the arguments', async () => {
  const waiting = Waiting.bind();
  const app = await serve.run(
    // The second call has the answer of another node in its arguments too.
    serve.graph((input) => join.bind(waiting.bare.bind(input), waiting.nested.bind({ requests: [input] }, unpack.bind(input)))),
    { name: 'waiting', routePrefix: '/waiting' },
  );
  const handle = await serve.getDeploymentHandle<typeof Waiting>('Waiting', 'waiting');
  const client = new AbortController();
  const left = assert.rejects(fetch(app.url, { method: 'POST', body: 'x', signal: client.signal }), { name: 'AbortError' });
  await until(async () => (await handle.state.remote()).begun === 2);
  client.abort();
  await left;
  const ends = await until(async () => {
    const state = await handle.state.remote();
    return state.ends.length === 2 && state.ends;
  });
  for (const end of ends) assert.match(end, /^AbortError: /);
  await serve.delete('waiting');
});

test('a constant may contain itself', async () => {
  const ring: Ring = {};
  ring.next = ring;
  const meter = Meter.bind();
  const app = await serve.run(
    serve.graph((input: GraphNode<number>) => meter.isRing.bind(input, [ring, ring])),
    { name: 'ring', routePrefix: null },
  );
  assert.equal(await app.remote(1), true);
  await serve.delete('ring');
});

test('a graph of Requests that is called by handle with another value says what to do', async () => {
  const handle = serve.getAppHandle('picture') as Promise<DeploymentHandle<(input: unknown) => unknown>>;
  for (const input of [new Uint8Array([10]), 'text', undefined]) {
    await assert.rejects(async () => (await handle).remote(input), {
      code: 'NBS_GRAPH_TAKES_REQUEST',
      message: /^node unpack: .*; the input of this graph may have to be a Request, .* \{ http: 'json' \}/,
    });
  }
});

test('nodes that do not need one another run at the same time, and a shared one once', async () => {
  const app = await serve.run(diamond, { name: 'diamond', routePrefix: '/diamond' });
  assert.equal(await app.remote(3), 'total: 12');
  const handle = await serve.getDeploymentHandle<typeof Meter>('Meter', 'diamond');
  assert.deepEqual(await handle.counts.remote(), { most: 2, calls: 3 });
  const answer = await fetch(app.url, { method: 'POST', body: '10' });
  assert.equal(await answer.text(), 'total: 33');
  await serve.delete('diamond');
});

test('a graph can be part of another application, and of another graph', async () => {
  const Outer = serve.graph((input: GraphNode<number>) => diamond.call.bind(input), { name: 'Outer' });
  const app = await serve.run(Outer, { name: 'outer', routePrefix: null });
  assert.equal(await app.remote(3), 'total: 12');
  await serve.delete('outer');
});

test('methods that do not exist are found when the graph is run, and what only the instance has is found too', async () => {
  const any = segmenter as unknown as Record<string, { bind(...args: unknown[]): GraphNode<string> }>;
  const wrong = serve.graph((input: GraphNode<Uint8Array>) => (any.segmnt ?? assert.fail()).bind(input));
  await assert.rejects(serve.run(wrong, { name: 'wrong', routePrefix: null }), (error: Error & { code?: string }) => {
    assert.match(`${error.code} ${error.message}`, /NBS_NO_NODE_METHOD/);
    assert.match(error.message, /segmnt of Segmenter.*it has: .*segment/);
    return true;
  });
  const own = serve.graph((input: GraphNode<Uint8Array>) => segmenter.label.bind(input));
  const app: DeploymentHandle<{ call(input: Uint8Array): Promise<string> }> = await serve.run(own, {
    name: 'own',
    routePrefix: null,
  });
  assert.equal(await app.remote(new Uint8Array(3)), '3 bytes');
});
