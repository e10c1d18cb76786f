import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type DeploymentHandle, serve } from 'nbserve';
import { send } from '../fixtures/http-client.js';
import { Chain, Maker, Taker } from '../fixtures/passing-apps.js';
import { until } from '../fixtures/wait.js';

const MIB = 1024 * 1024;
const folder = mkdtempSync(join(tmpdir(), 'nbserve-passing-'));

/** Every connection that this process opens. */
const sockets: net.Socket[] = [];
const { createConnection } = net;
net.createConnection = ((...args: Parameters<typeof createConnection>) => {
  const socket = createConnection(...args);
  sockets.push(socket);
  return socket;
}) as typeof createConnection;
syncBuiltinESMExports();

/** Number of bytes that came to this process. */
const received = (): number => sockets.reduce((sum, { bytesRead }) => sum + bytesRead, 0);

let chain: DeploymentHandle<typeof Chain>;
let maker: DeploymentHandle<typeof Maker>;
let taker: DeploymentHandle<typeof Taker>;

before(async () => {
  chain = await serve.run(Chain.bind({ maker: Maker.bind(), taker: Taker.options({ maxOngoingRequests: 2 }).bind() }));
  maker = await serve.getDeploymentHandle<typeof Maker>('Maker');
  taker = await serve.getDeploymentHandle<typeof Taker>('Taker');
});
after(async () => {
  await serve.shutdown();
  rmSync(folder, { recursive: true });
});

test('a large answer goes from the replica that computed it to the one that needs it, not through the caller', async () => {
  const before = received();
  assert.equal(await taker.sum.remote(maker.bytes.remote(4 * MIB)), 7 * 4 * MIB);
  assert.ok(received() - before < 64 * 1024, `${received() - before} bytes came here`);
  // One that is awaited here does come here.
  const own = await maker.bytes.remote(MIB);
  assert.ok(received() - before >= own.length);
});

test('small answers, nothing, and answers that have arrived are passed on too', async () => {
  assert.equal(await taker.sum.remote(maker.bytes.remote(3), 1), 22);
  assert.equal(await taker.type.remote(maker.nothing.remote()), 'undefined');
  const made = maker.made.remote();
  const inside = await taker.echo.remote({ list: [made], map: new Map([['made', made]]), text: 'as it is' });
  assert.deepEqual(inside, { list: [await made], map: new Map([['made', await made]]), text: 'as it is' });
  const arrived = maker.bytes.remote(2 * MIB);
  assert.equal((await arrived).length, 2 * MIB);
  assert.equal(await taker.sum.remote(arrived), 14 * MIB);
});

test('an answer that is used twice is computed once, also inside arrays and objects', async () => {
  const before = await maker.made.remote();
  const shared = maker.bytes.remote(MIB);
  const [a, b, c] = await Promise.all([
    taker.sum.remote(shared),
    taker.sum.remote(shared, 1),
    taker.sizes.remote({ all: [shared, shared, maker.bytes.remote(5)], name: 'n' }),
  ]);
  assert.deepEqual([a, b, c], [7 * MIB, 7 * MIB + 1, { name: 'n', sizes: [MIB, MIB, 5], same: true }]);
  assert.equal(await maker.made.remote(), before + 2);
  // It can still be awaited, and passed on again.
  assert.equal((await shared).length, MIB);
  assert.equal(await taker.sum.remote(shared), 7 * MIB);
  assert.equal(await maker.made.remote(), before + 2);
});

test('arguments are those of the moment of the call', async () => {
  const parts = { all: [maker.slow.remote(2, 50)], name: 'before' };
  const call = taker.sizes.remote(parts);
  parts.name = 'after';
  assert.equal((await call).name, 'before');
});

test('the error of an argument is that of the call, which is not begun', async () => {
  const before = await taker.calls.remote();
  const failed = maker.fail.remote();
  await assert.rejects(async () => taker.sum.remote(failed), { code: 'NO_BYTES', message: 'no bytes today', status: 418 });
  await assert.rejects(async () => failed, { code: 'NO_BYTES' });
  await assert.rejects(async () => taker.sum.remote(maker.unsendable.remote()), { code: 'NBS_CANNOT_CLONE' });
  assert.equal(await taker.calls.remote(), before);
});

test('a stream is refused as an argument, and a response that is not awaited in a result', async () => {
  const stream = maker.stream.remote() as unknown as Promise<Uint8Array>;
  await assert.rejects(async () => taker.sum.remote(stream as never), { code: 'NBS_STREAM_PASSED' });
  await assert.rejects(async () => chain.wrapped.remote(3), { code: 'NBS_RESPONSE_NOT_AWAITED' });
});

test('a replica passes on what it composes, by handle and over HTTP', async () => {
  assert.equal(await chain.total.remote(MIB), 7 * MIB);
  const answer = await send(`${chain.url}?length=${MIB}`);
  assert.deepEqual(JSON.parse(answer.text), { total: 7 * MIB });
});

test('a cancel goes to the calls whose answers nobody needs any more', async () => {
  const before = await maker.made.remote();
  const source = maker.slow.remote(1, 600_000);
  const call = taker.sum.remote(source);
  await until(async () => (await maker.made.remote()) === before + 1);
  call.cancel();
  await assert.rejects(async () => call, { code: 'NBS_REQUEST_CANCELLED' });
  await assert.rejects(async () => source, { code: 'NBS_REQUEST_CANCELLED', message: /no call needs its answer/ });

  // One that another call needs goes on.
  const shared = maker.slow.remote(3, 200);
  const other = taker.sum.remote(shared);
  const given = taker.sum.remote(shared);
  given.cancel();
  given.catch(() => {});
  assert.equal(await other, 21);
});

test('the timeout of a call counts from the moment of the call', async () => {
  const source = maker.slow.remote(1, 600_000);
  await assert.rejects(async () => taker.options({ timeout: 100 }).sum.remote(source), {
    code: 'NBS_REQUEST_TIMEOUT',
    message: /spent on its arguments/,
  });
  await assert.rejects(async () => source, { code: 'NBS_REQUEST_CANCELLED' });
});

test('many at once, with less room than calls', async () => {
  const totals = await Promise.all(Array.from({ length: 40 }, () => taker.sum.remote(maker.bytes.remote(200_000))));
  assert.deepEqual(totals, Array(40).fill(1_400_000));
});

test('of answers that no call needs any more, the oldest are let go of beyond 64 MiB', async () => {
  const passed = async () => {
    const source = maker.bytes.remote(30 * MIB);
    assert.equal(await taker.type.remote(source), 'object');
    return { source };
  };
  const [{ source: first }, ...others] = [await passed(), await passed(), await passed()] as const;
  await assert.rejects(async () => first, { code: 'NBS_ANSWER_RELEASED', status: 410 });
  await assert.rejects(async () => taker.type.remote(first), { code: 'NBS_ANSWER_RELEASED' });
  for (const { source } of others) assert.equal((await source).length, 30 * MIB);
});

test('if the replica with the answer is killed before it is read, the call fails with a code', async () => {
  const pid = await maker.pid.remote();
  const before = await maker.made.remote();
  // Both places are taken, so the call waits while its argument is kept.
  const file = join(folder, 'go');
  const holds = [1, 2].map(() => taker.hold.remote(file));
  const source = maker.bytes.remote(MIB);
  const call = taker.sum.remote(source);
  call.catch(() => {});
  // The replica answers in order, so the answer is kept when this one is here.
  await until(async () => (await maker.made.remote()) === before + 1);
  process.kill(pid, 'SIGKILL');
  await until(async () => (await maker.pid.remote().catch(() => pid)) !== pid);
  writeFileSync(file, '');
  await assert.rejects(async () => call, { code: 'NBS_ANSWER_LOST' });
  await assert.rejects(async () => source, { code: 'NBS_ANSWER_LOST' });
  await Promise.all(holds);
});
