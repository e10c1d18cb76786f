import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { serve } from 'nbserve';
import { hasCode } from '../../dist/core/index.js';
import { CheckpointFailed } from '../../dist/serve/controller/target/errors.js';
import { Slow } from '../fixtures/apps.js';
import { countStatuses, HttpLoad } from '../fixtures/http-load.js';
import { until } from '../fixtures/wait.js';

const DISK_BYTES = 2 * 1024 * 1024;

/** Mounts a small disk, if this process may mount one (as root); otherwise `null`. */
function smallDisk(): { readonly path: string; unmount(): void } | null {
  const path = mkdtempSync(join(tmpdir(), 'nbd-'));
  const remove = (): void => rmSync(path, { recursive: true, force: true });
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES},mode=700`, 'tmpfs', path], { stdio: 'ignore' });
  } catch {
    remove();
    return null;
  }
  return {
    path,
    unmount() {
      execFileSync('umount', ['-l', path]);
      remove();
    },
  };
}

/** Fills the disk completely. Returns a function that makes room again. */
function fill(path: string): () => void {
  const file = join(path, 'filler');
  for (let bytes = DISK_BYTES; bytes >= 1; bytes = Math.floor(bytes / 2)) {
    try {
      for (;;) writeFileSync(file, Buffer.alloc(bytes), { flag: 'a' });
    } catch {
      // This does not fit as a whole, although half of it may.
    }
  }
  return () => rmSync(file);
}

test('a full disk under the checkpoint: what runs goes on, deploys are refused, the status says why', async (t) => {
  const disk = smallDisk();
  const usual = process.env.NBSERVE_HOME;
  if (disk === null) t.diagnostic('tmpfs cannot be mounted here: writing fails because of a folder in the way of the file');
  else process.env.NBSERVE_HOME = disk.path;
  try {
    const slow = await serve.run(Slow.options({ numReplicas: 2 }).bind('v1'), { name: 'slow' });
    const { dir } = await clusterFolder();
    const load = new HttpLoad(slow.url);
    await load.answered(200);

    const inTheWay = join(dir, 'checkpoint.json.tmp');
    if (disk === null) mkdirSync(inTheWay);
    const mend = disk === null ? () => rmSync(inTheWay, { recursive: true }) : fill(disk.path);
    const refused = await serve.run(Slow.bind('v2'), { name: 'slow' }).then(
      () => assert.fail('it was taken'),
      (error: unknown) => error,
    );
    assert.ok(hasCode(refused, CheckpointFailed), String(refused));
    assert.match((refused as Error).message, disk === null ? /EISDIR/ : /ENOSPC/);
    const { warnings } = await serve.status();
    assert.match(warnings[0] ?? '', /cannot write its checkpoint .*no deploy is taken/);
    await load.answered(200);

    // A replica is replaced nevertheless.
    const [victim] = await running();
    process.kill(victim?.pid as number, 'SIGKILL');
    await until(async () => {
      const now = await running();
      return now.length === 2 && now.every(({ id }) => id !== victim?.id);
    });
    await load.answered(200);

    mend();
    await until(async () => (await serve.status()).warnings.length === 0);
    await serve.run(Slow.options({ numReplicas: 2 }).bind('v2'), { name: 'slow' });
    const answers = await load.stop();
    for (const { status, body } of answers) if (status !== 200) assert.match(`${status} ${body}`, /^503 .*NBS_REPLICA_DIED/);
    assert.equal(((await (await fetch(slow.url)).json()) as { version: string }).version, 'v2');
    assert.ok((countStatuses(answers)[200] ?? 0) >= 600);
  } finally {
    await serve.shutdown();
    if (usual !== undefined) process.env.NBSERVE_HOME = usual;
    disk?.unmount();
  }
});

const running = async () => {
  const { applications } = await serve.status();
  return (applications.slow?.deployments.Slow?.replicas ?? []).filter(({ state, pid }) => state === 'RUNNING' && pid !== null);
};

async function clusterFolder(): Promise<{ readonly dir: string }> {
  const { listLocalClusters } = await import('../../dist/engine/index.js');
  const [cluster] = listLocalClusters();
  return cluster ?? assert.fail('no cluster');
}
