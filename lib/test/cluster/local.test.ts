/** Local mode: what it does about ports and prefixes. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, test } from 'node:test';
import { serve } from 'nbserve';

const Echo = serve.deployment(
  class Echo {
    fetch() {
      return 'echo';
    }
  },
);
const run = (name: string, routePrefix: string, local: true | { port: number }) =>
  serve.run(Echo.bind(), { name, routePrefix, local });

afterEach(() => serve.shutdown());

test('a second application cannot choose another port', async () => {
  const { url } = await run('a', '/a', { port: 0 });
  const port = Number(new URL(String(url)).port);
  await assert.rejects(run('b', '/b', { port: port === 1 ? 2 : 1 }), { code: 'NBS_LOCAL_PORT_SET' });
  for (const same of [port, 0]) assert.equal(new URL(String((await run('b', '/b', { port: same })).url)).port, String(port));
});

test('of two applications that start at the same time with one prefix, one is refused', async () => {
  const both = await Promise.allSettled([run('a', '/', true), run('b', '/', true)]);
  assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  const refused = both.find((one) => one.status === 'rejected') as PromiseRejectedResult;
  assert.equal(refused.reason.code, 'NBS_ROUTE_TAKEN');
});

test('a port in use is refused with its code, and the next run can choose another', async (t) => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  await assert.rejects(run('a', '/', { port }), { code: 'NBS_PORT_IN_USE' });
  const [one, two] = await Promise.all([run('a', '/a', true), run('b', '/b', true)]);
  assert.equal(await (await fetch(String(one.url))).text(), 'echo');
  assert.equal(await (await fetch(String(two.url))).text(), 'echo');
});

test('a request that comes while the first version starts is told to try again', async (t) => {
  const { url } = await run('other', '/other', true);
  let begun = (): void => {};
  let end = (): void => {};
  const hasBegun = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  t.after(end);
  const Slow = serve.deployment(
    class Slow {
      readonly started = begun();
      readonly loading = ended;
      fetch() {
        return 'up';
      }
    },
  );
  const starting = serve.run(Slow.bind(), { name: 'slow', routePrefix: '/slow', local: true });
  const address = new URL('/slow', String(url));
  await hasBegun;
  const early = await fetch(address);
  assert.deepEqual([early.status, early.headers.get('retry-after')], [503, '1']);
  assert.match(await early.text(), /NBS_APP_STARTING/);
  end();
  await starting;
  assert.equal(await (await fetch(address)).text(), 'up');
  assert.equal((await fetch(new URL('/nobody', String(url)))).status, 404);
});

test('of two runs of one name the later one counts, and a delete or a shutdown discards a version that starts', async () => {
  const gates: (() => void)[] = [];
  const versionOf = (word: string) =>
    serve.deployment(
      class Slow {
        readonly gate = new Promise<void>((resolve) => gates.push(resolve));
        async fetch() {
          return word;
        }
      },
    );
  const begin = async (word: string): Promise<{ readonly outcome: Promise<string>; readonly end: () => void }> => {
    const before = gates.length;
    const started = serve.run(versionOf(word).bind(), { name: 'slow', routePrefix: '/slow', local: true });
    const outcome = started.then(
      () => 'runs',
      (error: Error & { code?: string }) => String(error.code),
    );
    while (gates.length === before) await new Promise((resolve) => setImmediate(resolve));
    return { outcome, end: gates[before] as () => void };
  };
  const { url } = await run('other', '/other', true);
  const ask = async () => (await fetch(new URL('/slow', String(url)))).text();

  const first = await begin('first');
  const second = await begin('second');
  second.end();
  assert.equal(await second.outcome, 'runs');
  first.end();
  assert.equal(await first.outcome, 'NBS_SUPERSEDED');
  assert.equal(await ask(), 'second');

  // The second one is described faster.
  const Chain = serve.deployment(
    class Chain {
      constructor(
        readonly word: string,
        readonly inner: unknown = null,
      ) {}
      fetch() {
        return this.word;
      }
    },
  );
  const [b, c, d, e] = ['b', 'c', 'd', 'e'].map((name) => Chain.options({ name })) as [
    typeof Chain,
    typeof Chain,
    typeof Chain,
    typeof Chain,
  ];
  const [slow, fast] = [d.bind('d', c.bind('c', b.bind('b'))), e.bind('e')].map((app) =>
    serve.run(app, { name: 'twice', routePrefix: '/twice', local: true }).then(
      () => 'runs',
      ({ code }) => code,
    ),
  );
  assert.deepEqual([await slow, await fast], ['NBS_SUPERSEDED', 'runs']);
  assert.equal(await (await fetch(new URL('/twice', String(url)))).text(), 'e');
  await serve.delete('twice');

  const third = await begin('third');
  await serve.delete('slow');
  third.end();
  assert.equal(await third.outcome, 'NBS_SUPERSEDED');
  assert.deepEqual(Object.keys((await serve.status()).applications), ['other']);

  const fourth = await begin('fourth');
  await serve.shutdown();
  fourth.end();
  assert.equal(await fourth.outcome, 'NBS_SUPERSEDED');
});

test('dispose runs as code of its replica', async () => {
  const seen: string[] = [];
  const Own = serve.deployment(
    class Own {
      fetch() {
        return 'own';
      }
      dispose() {
        const { appName, deployment } = serve.getReplicaContext();
        seen.push(`${appName}/${deployment}`);
      }
    },
  );
  await serve.run(Own.bind(), { name: 'own', routePrefix: '/own', local: true });
  await serve.delete('own');
  assert.deepEqual(seen, ['own/Own']);
});
