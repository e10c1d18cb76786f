import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { watchFiles } from './watch-files.js';

const folder = mkdtempSync(join(tmpdir(), 'nbs-watch-'));
after(() => rmSync(folder, { recursive: true }));

test('a file that was written while the first deploy ran is deployed again', async () => {
  const [old, changed] = ['old.ts', 'changed.ts'].map((name) => join(folder, name)) as [string, string];
  for (const file of [old, changed]) writeFileSync(file, '1');
  const before = Date.now() / 1000 - 60;
  utimesSync(old, before, before);
  const begun = Date.now() - 1000;
  const watched = { files: [old, changed], failed: false };
  await new Promise<void>((resolve) => {
    const end = watchFiles(watched, begun, async () => {
      end();
      resolve();
      return watched;
    });
  });
});

test('files that are as the first deploy read them are not deployed again', async () => {
  const file = join(folder, 'same.ts');
  writeFileSync(file, '1');
  const before = Date.now() / 1000 - 60;
  utimesSync(file, before, before);
  let deploys = 0;
  const watched = { files: [file], failed: false };
  await new Promise<void>((resolve) => {
    const end = watchFiles(watched, Date.now(), async () => {
      deploys += 1;
      end();
      resolve();
      return watched;
    });
    // The next change is the first that is seen.
    setTimeout(() => {
      assert.equal(deploys, 0);
      writeFileSync(file, '2');
    }, 200);
  });
  assert.equal(deploys, 1);
});

test('a folder that a build empties and makes again is watched on, also if it is missing for some time', async () => {
  const [outer, dist] = [join(folder, 'out'), join(folder, 'out', 'dist')] as const;
  const file = join(dist, 'app.js');
  const write = (text: string): void => {
    mkdirSync(dist, { recursive: true });
    writeFileSync(file, text);
  };
  write('1');
  const before = Date.now() / 1000 - 60;
  utimesSync(file, before, before);
  const watched = { files: [file], failed: false };
  let deployed = (): void => {};
  const next = (): Promise<void> => new Promise((resolve) => (deployed = resolve));
  // After a deploy, the files are looked at once more without an event.
  const lookedAt = (): Promise<void> => delay(200);
  const end = watchFiles(watched, Date.now(), async () => {
    deployed();
    return watched;
  });
  // Each change is the only one that can lead to its deploy.
  const leadsToDeploy = async (change: () => void): Promise<void> => {
    await lookedAt();
    const deploy = next();
    change();
    await deploy;
  };
  for (const removed of [dist, dist, outer]) {
    await leadsToDeploy(() => {
      rmSync(removed, { recursive: true });
      write('made again at once');
    });
    await leadsToDeploy(() => rmSync(removed, { recursive: true }));
    await leadsToDeploy(() => write('made again later'));
  }
  await leadsToDeploy(() => writeFileSync(file, 'changed'));
  end();
});
