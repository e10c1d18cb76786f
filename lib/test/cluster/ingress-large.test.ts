/** 1 GiB up and 1 GiB down through an ingress, with clients that stop reading or sending for a while: proxy and replica keep little of it in memory. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { serve } from 'nbserve';
import { listLocalClusters } from '../../dist/engine/index.js';
import { processesIn } from '../fixtures/cluster-processes.js';
import { open, responseOf } from '../fixtures/http-client.js';
import { KitchenDeployment } from '../fixtures/ingress-apps.js';

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
/** A body that is kept in memory is four times as large. */
const BOUND_MIB = 256;
const PIECE = Buffer.alloc(MIB);
/** A slow client stops this often, for so long. */
const PAUSES = 4;
const PAUSE_MS = 250;

let url: string;
let pids: readonly number[];

before(async () => {
  await serve.start({ port: 0, spareReplicas: 0 });
  ({ url } = await serve.run(KitchenDeployment.bind(), { name: 'kitchen', routePrefix: '/kitchen' }));
  const { dir } = listLocalClusters()[0] ?? assert.fail();
  pids = (await processesIn(dir)).filter(({ role }) => role === 'proxy' || role === 'replica').map(({ pid }) => pid);
  assert.equal(pids.length, 2);
});
after(() => serve.shutdown());

/** The largest memory that the process has had, in MiB. */
const peakOf = (pid: number): number => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

async function up(): Promise<void> {
  const request = open(`${url}/count`, { method: 'POST', headers: { 'content-type': 'application/octet-stream' } });
  const pending = responseOf(request);
  const pieces = GIB / MIB;
  for (let n = 1; n <= pieces; n += 1) {
    if (!request.write(PIECE)) await once(request, 'drain');
    if (n % (pieces / PAUSES) === 0) await sleep(PAUSE_MS);
  }
  request.end();
  let text = '';
  for await (const chunk of await pending) text += String(chunk);
  assert.equal((JSON.parse(text) as { bytes: number }).bytes, GIB);
}

async function down(): Promise<void> {
  const request = open(`${url}/stream?bytes=${GIB}`);
  request.end();
  let got = 0;
  let pauseAt = GIB / PAUSES;
  for await (const chunk of await responseOf(request)) {
    got += (chunk as Buffer).length;
    if (got < pauseAt) continue;
    pauseAt += GIB / PAUSES;
    await sleep(PAUSE_MS);
  }
  assert.equal(got, GIB);
}

test('1 GiB up and 1 GiB down at once, by clients that stop for a while', async () => {
  const base = pids.map(peakOf);
  await Promise.all([up(), down()]);
  const grown = pids.map((pid, i) => Math.round(peakOf(pid) - (base[i] ?? 0)));
  console.log(`proxy and replica grew by at most ${grown.join(' and ')} MiB`);
  assert.ok(
    grown.every((mib) => mib < BOUND_MIB),
    `memory grew by ${grown} MiB`,
  );
});
