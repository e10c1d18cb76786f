import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { LogFiles } from './log-files.js';

const folder = mkdtempSync(join(tmpdir(), 'nbs-logs-'));
after(() => rmSync(folder, { recursive: true }));

test('the files of the last hundred ended processes stay, and those of the processes that run', async () => {
  const files = new LogFiles(folder);
  files.line('controller', 'runs');
  files.line('spare', 'was a spare');
  files.rename('spare', 'Chat#0');
  writeFileSync(join(folder, 'Chat#0.log.1'), 'older lines');
  for (let n = 0; n < 120; n += 1) {
    files.line(`Chat#${n}`, 'once');
    await files.ended(`Chat#${n}`);
    // It crashes again and again, and has one file.
    files.line('proxy', `run ${n}`);
    await files.ended('proxy');
  }
  const names = readdirSync(folder);
  assert.equal(names.length, 101);
  for (const name of ['controller.log', 'proxy.log', 'Chat#119.log', 'Chat#21.log']) assert.ok(names.includes(name), name);
  for (const name of ['Chat#0.log', 'Chat#0.log.1', 'Chat#20.log']) assert.ok(!names.includes(name), name);
  assert.match(readFileSync(join(folder, 'proxy.log'), 'utf8'), /^run 0\n[\s\S]*run 119\n$/);
  await files.ended('nobody');
  await files.close();
});
