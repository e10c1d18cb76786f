/** What commands and programs do when nobody reads their output any more, and what `nbserve logs` says of a wrong name. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { test } from 'node:test';
import { CommandFolder } from '../fixtures/command-folder.js';
import { until } from '../fixtures/wait.js';

const IMPORT = "import { serve } from 'nbserve';\n";
const FILES = {
  'slow.ts': `${IMPORT}export const app = serve.deployment(class Slow {
  async fetch() {
    console.log('begun');
    await new Promise((resolve) => setTimeout(resolve, 1000));
    return 'whole';
  }
}).bind();\n`,
  'printer.ts': `${IMPORT}export const app = serve.deployment(class Printer { fetch() { console.log('printed'); return 'a'; } }).bind();\n`,
  'quiet.ts': `${IMPORT}export const app = serve.deployment(class Quiet { fetch() { return 'a'; } }).bind();\n`,
  'script.mjs': `${IMPORT}import { once } from 'node:events';
const handle = await serve.run(serve.deployment(() => console.log('printed'), { name: 'printer' }).bind(), { routePrefix: null });
console.log('ready');
await once(process.stdin.resume(), 'end');
for (let i = 0; i < 3; i += 1) await handle.remote();
await serve.shutdown();
console.error('survived');\n`,
};

/** What a child has printed; its `stdout` can be closed. */
function listen(child: ChildProcess) {
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) child[name]?.on('data', (text) => (output[name] += String(text)));
  const ended = once(child, 'exit') as Promise<[number | null]>;
  return { output, ended, leave: () => child.stdout?.destroy() };
}

test('nbserve run drains, as after Ctrl-C, when who read its output has gone', async (t) => {
  const folder = new CommandFolder(FILES);
  const run = folder.start(['run', 'slow.ts:app', '--port', 'auto']);
  t.after(async () => {
    run.kill('SIGKILL');
    await folder.remove();
  });
  const { output, ended, leave } = listen(run);
  const url = await until(() => / runs at (\S+)/.exec(output.stdout)?.[1]);
  leave();
  const response = await fetch(url);
  assert.equal(await response.text(), 'whole');
  assert.deepEqual(await ended, [0, null]);
  assert.equal(output.stderr, 'nobody reads the output any more\n');
});

test('nbserve logs ends when who read its output has gone, and names what has printed if the name is wrong', async (t) => {
  const folder = new CommandFolder(FILES);
  t.after(() => folder.remove());
  await folder.output(['start', '--port', 'auto', '--dashboard-port', 'none']);
  const started = await folder.output(['run', 'printer.ts:app', '--address', 'auto']);
  const [, url = ''] = / at (http\S+)/.exec(started) ?? [];
  await fetch(url);
  const follows = folder.start(['logs', 'Printer', '--follow']);
  t.after(() => follows.kill('SIGKILL'));
  const { output, ended, leave } = listen(follows);
  await until(() => output.stdout.includes('printed'));
  leave();
  await fetch(url);
  assert.deepEqual(await ended, [0, null]);
  assert.equal(output.stderr, '');

  const none = /^no process called printer has printed anything; these have: .*\bPrinter#\w+.*\n$/;
  const wrong = await folder.run(['logs', 'printer']);
  assert.deepEqual([wrong.code, wrong.stdout], [1, '']);
  assert.match(wrong.stderr, none);
  await folder.output(['run', 'quiet.ts:app', '--name', 'quiet', '--route-prefix', '/quiet', '--address', 'auto']);
  const quiet = await folder.run(['logs', 'Quiet']);
  assert.deepEqual(quiet, { code: 0, stdout: '', stderr: 'nothing that Quiet has printed is kept\n' });
  const waits = folder.start(['logs', 'printer', '-f']);
  t.after(() => waits.kill('SIGKILL'));
  const said = listen(waits);
  await until(() => said.output.stderr.endsWith('\n'));
  assert.match(said.output.stderr, none);
});

test('a command whose output a full disk does not take says so once, and goes on', async (t) => {
  const folder = new CommandFolder(FILES);
  t.after(() => folder.remove());
  await folder.output(['start', '--port', 'auto', '--dashboard-port', 'none']);
  const full = openSync('/dev/full', 'w');
  t.after(() => closeSync(full));
  const run = folder.start(['run', 'quiet.ts:app', '--address', 'auto'], {}, ['ignore', full, 'pipe']);
  const { output, ended } = listen(run);
  assert.deepEqual(await ended, [0, null], output.stderr);
  assert.match(output.stderr, /^the output could not be written: ENOSPC: .*\n$/);
  assert.deepEqual(Object.keys((await folder.status()).applications), ['default']);
});

test('what a replica prints does not end a program whose output nobody reads, as its own console.log does not', async (t) => {
  const folder = new CommandFolder(FILES);
  const env = { ...process.env, NBSERVE_CLUSTER: '' };
  const script = spawn(process.execPath, ['script.mjs'], { cwd: folder.path, env });
  t.after(async () => {
    script.kill('SIGKILL');
    await folder.remove();
  });
  const { output, ended, leave } = listen(script);
  await until(() => output.stdout.includes('ready'));
  leave();
  script.stdin.end();
  assert.deepEqual(await ended, [0, null]);
  assert.match(output.stderr, /survived\n$/);
});
