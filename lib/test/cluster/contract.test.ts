/** One suite over a cluster and over applications inside this process: what user code can see must be the same. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type DeploymentHandle, serve } from 'nbserve';
import { Broken, Front, Typed, Worker } from '../fixtures/contract-apps.js';
import { broken, diamond, pack, Segmenter, sharpen, unpack } from '../fixtures/graph-apps.js';
import { ClassifierDeployment, ModelDeployment } from '../fixtures/ingress-apps.js';
import { until } from '../fixtures/wait.js';

/** Longer than the deadlines here, and no longer than a replica should take to end. */
const NAP_MS = 3000;
const MANY = 1_000_000;

for (const local of [true, false]) {
  describe(local ? 'inside this process' : 'in a cluster', () => {
    let front: DeploymentHandle<typeof Front>;
    let worker: DeploymentHandle<typeof Worker>;
    let http: DeploymentHandle<typeof Worker>;
    const given = { list: [1, 2], label: 'given' };

    before(async () => {
      front = await serve.run(Front.bind({ worker: Worker.bind(given) }), { name: 'front', routePrefix: null, local });
      worker = await serve.getDeploymentHandle<typeof Worker>('Worker', 'front');
      const options = { userConfig: { level: 3 }, requestTimeout: '5s' } as const;
      http = await serve.run(Worker.options(options).bind(given), { name: 'http', routePrefix: '/w', local });
    });
    after(() => serve.shutdown());

    it('values are copied both ways', async () => {
      given.list.push(3);
      assert.deepEqual(await worker.given_.remote(), { list: [1, 2], label: 'given' });
      const mine = { list: [5] };
      assert.deepEqual(await worker.change.remote(mine), { list: [5, 99] });
      assert.deepEqual(mine, { list: [5] });
      (await worker.own.remote()).list.push(2);
      assert.deepEqual(await worker.own.remote(), { list: [1] });
      assert.equal(await worker.types.remote(new Map()), '[object Map]');
      assert.equal(await worker.types.remote(new Float32Array(3)), '[object Float32Array]');
      await assert.rejects(async () => worker.types.remote(() => 1), { code: 'NBS_CANNOT_CLONE' });
      await assert.rejects(async () => worker.unsendable.remote(), { code: 'NBS_CANNOT_CLONE' });
      const big = new Uint8Array(3_000_000).fill(9);
      assert.deepEqual(await worker.echo.remote(big), big);
    });

    it('errors keep their name, code and message, and unknown methods are refused', async () => {
      await assert.rejects(async () => worker.fail.remote(), { name: 'RangeError', code: 'OUT', message: 'out of range' });
      const any = worker as unknown as Record<string, { remote(): Promise<unknown> }>;
      await assert.rejects(async () => any.nothing?.remote(), { code: 'NBS_NO_SUCH_METHOD' });
      await assert.rejects(serve.getDeploymentHandle('Nobody', 'front'), { code: 'NBS_NO_SUCH_DEPLOYMENT' });
    });

    it('a replica knows which one it is, and other code is none', async () => {
      const { applications } = await serve.status();
      for (const [handle, appName] of [
        [worker, 'front'],
        [http, 'http'],
      ] as const) {
        const [{ id: replicaId } = { id: '' }] = applications[appName]?.deployments.Worker?.replicas ?? [];
        const context = { appName, deployment: 'Worker', replicaId };
        assert.deepEqual(await handle.contexts.remote(), [context, context]);
      }
      assert.throws(() => serve.getReplicaContext(), { code: 'NBS_NOT_IN_REPLICA' });
    });

    it('streams arrive one by one, and end when the reader leaves', async () => {
      const all: number[] = [];
      for await (const n of worker.count.remote(5)) all.push(n);
      assert.deepEqual(all, [1, 2, 3, 4, 5]);
      const { length } = await worker.ended.remote();
      for await (const _ of worker.count.remote(MANY)) break;
      await until(async () => (await worker.ended.remote()).length === length + 1);
    });

    it('timeouts and cancels go down to inner calls', async () => {
      // The call must reach the inner one before it times out.
      await front.nap.remote(0);
      await assert.rejects(async () => front.options({ timeout: 1000 }).nap.remote(NAP_MS), { code: 'NBS_REQUEST_TIMEOUT' });
      await until(async () => (await front.seen.remote()).length === 1);
      const call = front.nap.remote(NAP_MS);
      call.cancel();
      await assert.rejects(async () => call, { code: 'NBS_REQUEST_CANCELLED' });
    });

    it('batches, models, configuration, and calls from a constructor', async () => {
      assert.deepEqual(await Promise.all([1, 2, 3].map((n) => worker.doubled.remote(n))), [2, 4, 6]);
      assert.deepEqual(await worker.sizes.remote(), [3]);
      assert.equal(await worker.options({ multiplexedModelId: 'm1' }).model.remote(), 'm1');
      assert.equal(await worker.options({ affinity: 'k', multiplexedModelId: 'm2' }).model.remote(), 'm2');
      assert.deepEqual(await http.config.remote(), { level: 3 });
      assert.equal(await front.first.remote(), 'from the constructor');
    });

    it('responses are passed on', async () => {
      assert.equal(await front.passes.remote(new Set([1])), '[object Set]');
      assert.equal(await worker.types.remote(worker.echo.remote(new Uint8Array(200_000))), '[object Uint8Array]');
      await assert.rejects(async () => worker.types.remote(worker.fail.remote()), { code: 'OUT' });
    });

    it('HTTP', async () => {
      const answer = await fetch(`${http.url}/x?a=1`, { method: 'POST', body: 'hello' });
      assert.deepEqual(await answer.json(), { method: 'POST', query: { a: '1' }, body: 'hello' });
      assert.equal(await (await fetch(`${http.url}/stream`)).text(), '1\n2\n3\n');
      const failed = await fetch(`${http.url}/fail`);
      assert.equal(failed.status, 418);
      const late = await fetch(`${http.url}/nap?ms=${NAP_MS}`, { headers: { 'x-request-timeout-seconds': '0.1' } });
      assert.deepEqual(
        [late.status, ((await late.json()) as { error: { code: string } }).error.code],
        [504, 'NBS_REQUEST_TIMEOUT'],
      );
      assert.throws(() => front.url, { code: 'NBS_NO_HTTP_ROUTE' });
    });

    it('typed methods and routes of Fastify', async () => {
      const typed = await serve.run(Typed.bind(), { name: 'typed', routePrefix: '/typed', local });
      assert.deepEqual(await (await fetch(`${typed.url}/items/7?top=2`)).json(), { id: 7, top: 2 });
      assert.equal((await fetch(`${typed.url}/items/seven`)).status, 422);
      await serve.delete('typed');
      const routes = await serve.run(ClassifierDeployment.bind(ModelDeployment.bind()), { name: 'c', routePrefix: '/c', local });
      const answer = await fetch(`${routes.url}/classify?input_text=I%20like%20it`, { method: 'POST' });
      assert.deepEqual(await answer.json(), { text: 'I like it', label: 1 });
      assert.equal((await fetch(`${routes.url}/classify?input_text=x`, { method: 'POST' })).status, 422);
      await serve.delete('c');
    });

    it('graphs', async () => {
      const graph = await serve.run(diamond, { name: 'diamond', routePrefix: '/diamond', local });
      assert.equal(await graph.remote(3), 'total: 12');
      await serve.delete('diamond');
      const segmenter = Segmenter.bind({ threshold: 100 });
      const picture = serve.graph((input) => pack.bind(segmenter.segment.bind(sharpen.bind(unpack.bind(input)))));
      const { url } = await serve.run(picture, { name: 'picture', routePrefix: '/picture', local });
      const answer = await fetch(url, { method: 'POST', body: new Uint8Array([10, 60]) });
      assert.deepEqual([answer.status, ...new Uint8Array(await answer.arrayBuffer())], [201, 0, 1]);
      await serve.delete('picture');
      const failing = await serve.run(broken, { name: 'broken', routePrefix: null, local });
      await assert.rejects(async () => failing.remote(1), { code: 'BAD_SUM', message: 'node Meter.fail: does not add up' });
      await serve.delete('broken');
    });

    it('an update whose constructor throws leaves the old version; a prefix belongs to one application', async () => {
      const run = serve.run(Broken.bind(1), { name: 'http', routePrefix: '/w', local });
      await assert.rejects(run, { message: /no model here/ });
      assert.equal(await http.types.remote(1), '[object Number]');
      await assert.rejects(serve.run(Worker.bind(given), { name: 'other', routePrefix: '/w', local }), {
        code: 'NBS_ROUTE_TAKEN',
      });
      await serve.run(Worker.bind({ list: [], label: 'new' }), { name: 'http', routePrefix: '/w', local });
      assert.equal((await http.given_.remote()).label, 'new');
    });

    it('status, listing and deletion', async () => {
      const { applications } = await serve.status();
      assert.deepEqual([applications.front?.status, applications.front?.ingress], ['RUNNING', 'Front']);
      assert.deepEqual(Object.keys(await serve.listDeployments()).sort(), ['front', 'http']);
      assert.equal(await (await serve.getAppHandle<typeof Front>('front')).first.remote(), 'from the constructor');
      await serve.delete('front');
      await assert.rejects(serve.getAppHandle('front'), { code: 'NBS_NO_SUCH_APP' });
      await assert.rejects(async () => front.first.remote(), { code: 'NBS_NO_SUCH_DEPLOYMENT' });
    });
  });
}
