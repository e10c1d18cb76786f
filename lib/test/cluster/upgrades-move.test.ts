import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, type TestContext, test } from 'node:test';
import { serve } from 'nbserve';
import { GateDeployment } from '../fixtures/ingress-apps.js';
import { RawConnection } from '../fixtures/raw-http.js';
import { allEnded, until } from '../fixtures/wait.js';

const folder = mkdtempSync(join(tmpdir(), 'nbst-gate-'));
let url = '';

before(async () => {
  await serve.start({ port: 0 });
  ({ url } = await serve.run(GateDeployment.bind(folder), { name: 'gate', routePrefix: '/gate' }));
});
beforeEach(async () => {
  for (const name of readdirSync(folder)) rmSync(join(folder, name));
  await until(async () => (await pids()).length === 2);
});
after(async () => {
  await serve.shutdown();
  rmSync(folder, { recursive: true });
});

async function pids(): Promise<number[]> {
  const replicas = (await serve.status()).applications.gate?.deployments.Gate?.replicas ?? [];
  return replicas.filter(({ state }) => state === 'RUNNING').map(({ pid }) => pid as number);
}

/** The replicas that have begun an upgrade. */
const began = (): number[] =>
  readdirSync(folder)
    .map(Number)
    .filter((pid) => pid > 0);

function upgrade(t: TestContext, path: string, early = ''): RawConnection {
  const raw = new RawConnection(url);
  t.after(() => raw.socket.destroy());
  const head = `Host: ${new URL(url).host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`;
  return raw.write(`GET /gate${path} HTTP/1.1\r\n${head}\r\n${early}`);
}

const OPEN = /^HTTP\/1\.1 101 .*\r\n[\s\S]*\r\n\r\n(\d+) /;
const pidOf = (raw: RawConnection): number => Number(OPEN.exec(raw.text)?.[1]);

test('if a replica dies before it has answered an upgrade, the next one gets it, with the bytes that followed', async (t) => {
  writeFileSync(join(folder, 'hold'), '');
  const raw = upgrade(t, '/', 'early');
  const [first] = await until(() => (began().length > 0 ? began() : null));
  process.kill(first as number, 'SIGKILL');
  await raw.until(/early$/);
  assert.match(raw.text, OPEN);
  assert.notEqual(pidOf(raw), first);
  raw.write(' late');
  await raw.until(/early late$/);
});

test('upgrades that were sent to a replica that hangs go to another one when it dies', async (t) => {
  const [one, other] = (await pids()) as [number, number];
  for (const pid of [one, other]) process.kill(pid, 'SIGSTOP');
  const all = Array.from({ length: 8 }, () => upgrade(t, '/', 'x'));
  await until(async () => (await serve.status()).applications.gate !== undefined);
  process.kill(one, 'SIGKILL');
  await allEnded([one]);
  process.kill(other, 'SIGCONT');
  await Promise.all(all.map((raw) => raw.until(/x$/)));
  assert.ok(all.every((raw) => OPEN.test(raw.text) && pidOf(raw) !== one));
});

test('if the replica dies when it has answered, the connection ends', async (t) => {
  const text = await upgrade(t, '/dies').closed;
  assert.match(text, OPEN);
});

test('if code ends an upgrade without an answer, the connection ends without one, and its slot is free again', async (t) => {
  // The slots of both replicas together.
  const count = 2 * 10 + 1;
  for (let n = 0; n < count; n += 1) assert.equal(await upgrade(t, '/leaves').closed, '');
  const raw = upgrade(t, '/', 'x');
  await raw.until(/x$/);
});
