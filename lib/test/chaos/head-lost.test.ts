/** The controller and then the head of a cluster with a node on another machine are killed. */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { serve } from 'nbserve';
import { clusterIn } from '../../dist/engine/index.js';
import { startDetached } from '../../dist/host/index.js';
import { CommandFolder } from '../fixtures/command-folder.js';
import { headOf, Machine } from '../fixtures/machine.js';
import { Where } from '../fixtures/machine-apps.js';
import { processes, running } from '../fixtures/nodes.js';
import { allEnded, until } from '../fixtures/wait.js';

// No other test listens at these addresses.
const net = `127.${1 + ((process.pid >> 8) % 254)}.${process.pid % 256}`;
const commands = new CommandFolder();
const other = new Machine(`${net}.23`, 'other');
let dir = '';
let url = '';

before(async () => {
  const started = await startDetached(
    { host: '127.0.0.1', port: 0 },
    { name: 'head lost', another: true, nodes: undefined, machines: { host: `${net}.22`, port: 0 } },
  );
  dir = started.dir;
  await serve.start({ address: dir });
  other.join(await headOf(commands, dir));
  await commands.output(['node', 'admit', await other.fingerprint, '--name', 'other', '--address', dir]);
  await until(async () => (await serve.status()).nodes.some(({ id, alive }) => id === 'other' && alive));
  ({ url } = await serve.run(Where.options({ numReplicas: 4 }).bind(), { name: 'where' }));
});

after(async () => {
  await serve.shutdown();
  await other.end();
  await commands.remove();
});

const pidsOf = async (): Promise<readonly number[]> => (await running('where')).map(({ pid }) => pid as number).sort();

it('a controller that is killed takes over the same replicas on every machine, and no request fails', async () => {
  const old = await pidsOf();
  const controllerPid = async () => (await processes()).find(({ id }) => id === 'controller')?.pid;
  const killed = (await controllerPid()) as number;
  let failed = 0;
  let isOver = false;
  const load = Array.from({ length: 4 }, async () => {
    while (!isOver) if (!(await fetch(url, { method: 'POST', body: 'x' }).catch(() => null))?.ok) failed += 1;
  });
  process.kill(killed, 'SIGKILL');
  await until(async () => {
    const pid = await controllerPid().catch(() => undefined);
    return pid !== undefined && pid !== killed && (await running('where').catch(() => [])).length === 4;
  });
  isOver = true;
  await Promise.all(load);
  assert.equal(failed, 0);
  assert.deepEqual(await pidsOf(), old);
  assert.equal((await serve.status()).nodes.filter(({ alive }) => alive).length, 2);
});

it('when the head is killed, everything on every machine ends', async () => {
  assert.equal((await pidsOf()).length, 4);
  // The controller and the proxies too.
  const all = (await processes()).map(({ pid }) => pid).filter((pid) => pid !== null);
  assert.ok(all.length >= 6, `${all.length} processes`);
  process.kill(clusterIn(dir)?.pid as number, 'SIGKILL');
  await allEnded(all);
  await assert.rejects(fetch(url));
});
