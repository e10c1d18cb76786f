import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { allEnded, isRunning } from '../fixtures/wait.js';

const NBSERVE = fileURLToPath(new URL('../../bin/nbserve.js', import.meta.url));
const PACKAGE = fileURLToPath(new URL('../..', import.meta.url));

/** `nbserve run` and the process that has started it. */
describe('nbserve run', () => {
  const folder = mkdtempSync(join(tmpdir(), 'nbserve-parent-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(
    join(folder, 'app.mjs'),
    `import { serve } from 'nbserve';\nexport const app = serve.deployment(() => 'hello', { name: 'hello' }).bind();\n`,
  );
  mkdirSync(join(folder, 'npm'));
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(PACKAGE, join(folder, 'node_modules/nbserve'));

  /** Does what npm does: starts the command through a shell, and ends without a signal to it. */
  async function started(
    parent: string,
    env: NodeJS.ProcessEnv,
  ): Promise<{ pid: number; log: () => string; endParent: () => void }> {
    const file = join(folder, parent);
    const log = join(folder, `${parent.replaceAll('/', '-')}.log`);
    writeFileSync(
      file,
      `const { openSync } = require('node:fs');
const out = openSync(${JSON.stringify(log)}, 'a');
const child = require('node:child_process').spawn(process.execPath, ${JSON.stringify([NBSERVE, 'run', join(folder, 'app.mjs:app'), '--port', 'auto'])}, { stdio: ['ignore', out, out], detached: true });
require('node:fs').writeFileSync(${JSON.stringify(`${log}.pid`)}, String(child.pid));
setInterval(() => {}, 1000);`,
    );
    const child = spawn(process.execPath, [file], { stdio: 'ignore', env: { ...process.env, ...env } });
    const read = (): string => {
      try {
        return readFileSync(log, 'utf8');
      } catch {
        return '';
      }
    };
    while (!read().includes('runs at')) await sleep(20);
    return { pid: Number(readFileSync(`${log}.pid`, 'utf8')), log: read, endParent: () => child.kill('SIGKILL') };
  }

  it('ends, draining, when the npx that has started it is gone', async () => {
    const { pid, log, endParent } = await started('npm/npx-cli.js', { npm_command: 'exec' });
    endParent();
    await allEnded([pid]);
    assert.match(log(), /npx, which has started this command, is gone\ndraining…/);
  });

  it('outlives any other parent: a script that has put it into the background', async () => {
    const { pid, log, endParent } = await started('script.js', { npm_command: 'exec' });
    endParent();
    await sleep(2500);
    assert.ok(isRunning(pid), log());
    process.kill(pid, 'SIGTERM');
    await allEnded([pid]);
  });
});
