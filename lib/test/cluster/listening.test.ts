import assert from 'node:assert/strict';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { after, test } from 'node:test';
import { serve } from 'nbserve';
import { clusterIn, listLocalClusters } from '../../dist/engine/index.js';
import { hello } from '../fixtures/apps.js';
import { processes } from '../fixtures/nodes.js';

after(() => serve.shutdown());

/** The sockets of a process, by their inodes. */
function socketsOf(pid: number): readonly string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
    } catch {
      return [];
    }
  });
}

/** The local addresses of TCP sockets that listen, in the hexadecimal form of Linux, by their inodes. */
function listening(): ReadonlyMap<string, string> {
  const rows = ['tcp', 'tcp6'].flatMap((name) => readFileSync(`/proc/net/${name}`, 'utf8').split('\n').slice(1, -1));
  return new Map(
    rows
      .map((row) => row.trim().split(/\s+/))
      .filter(([, , , state]) => state === '0A')
      .map((row) => [row[9] as string, row[1] as string]),
  );
}

test('a cluster listens at loopback addresses only, and only for HTTP, unless it is asked for more', async () => {
  await serve.start({ port: 0 });
  await serve.run(hello.options({ numReplicas: 2 }).bind(), { name: 'hello' });
  const dir = listLocalClusters()[0]?.dir as string;
  const agent = clusterIn(dir)?.pid as number;
  const pids = [agent, ...(await processes()).map(({ pid }) => pid)];
  const all = listening();
  const found = new Set(pids.flatMap((pid) => socketsOf(pid).flatMap((inode) => all.get(inode) ?? [])));
  const port = Number(new URL((await serve.status()).url).port)
    .toString(16)
    .toUpperCase()
    .padStart(4, '0');
  assert.deepEqual([...found], [`0100007F:${port}`]);
});
