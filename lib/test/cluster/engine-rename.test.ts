import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { hasCode } from '../../dist/core/index.js';
import { CannotRename, type ProcessInfo } from '../../dist/engine/index.js';
import { assertNothingLeft, startStubs, stub } from '../fixtures/engine-harness.js';
import { isRunning, until } from '../fixtures/wait.js';

after(assertNothingLeft);

test('a process goes on under another id: list, log, start, stop and exit know it by that', async (t) => {
  const { cluster, engine, lines } = await startStubs(t);
  const exits: ProcessInfo[] = [];
  engine.onExit((info) => exits.push(info));
  await engine.start(stub('spare', { afterwards: 'say-hello' }, { label: 'spare' }));
  const { pid } = (await engine.list()).find(({ id }) => id === 'spare') ?? assert.fail();
  await until(() => lines.some(({ text }) => text === 'hello'));
  const followed: string[] = [];
  const following = (async () => {
    for await (const line of engine.logs('spare')) followed.push(line);
  })();

  await engine.rename('spare', 'Chat#1');
  await engine.rename('spare', 'Chat#1');
  // Code that follows the old id sees that it ends.
  await following;
  assert.deepEqual(followed, []);
  const listed = (await engine.list()).filter((info) => info.pid === pid);
  assert.deepEqual(
    listed.map(({ id, label, state }) => ({ id, label, state })),
    [{ id: 'Chat#1', label: 'Chat#1', state: 'RUNNING' }],
  );
  await engine.start(stub('Chat#1', {}));
  assert.equal((await engine.list()).find(({ id }) => id === 'Chat#1')?.pid, pid);
  await engine.stop('spare');

  const logs = join(cluster.dir, 'logs');
  await engine.stop('Chat#1');
  const exit = await until(() => exits.find((info) => info.pid === pid));
  assert.deepEqual([exit.id, exit.label, exit.exit?.name], ['Chat#1', 'Chat#1', 'STOPPED']);
  const printed = await until(() => {
    const own = lines.filter(({ role }) => role === 'replica');
    return own.length === 2 && own;
  });
  assert.deepEqual(
    printed.map(({ processId, label, text }) => `${processId} ${label} ${text}`),
    ['spare spare hello', 'Chat#1 Chat#1 goodbye'],
  );
  await until(() => readFileSync(join(logs, 'Chat#1.log'), 'utf8') === 'hello\ngoodbye\n');
  assert.equal(existsSync(join(logs, 'spare.log')), false);
});

test('one that still starts can be renamed too', async (t) => {
  const { engine } = await startStubs(t);
  const starting = engine.start(stub('spare', {}));
  await engine.rename('spare', 'Chat#1');
  await starting;
  assert.equal((await engine.list()).find(({ id }) => id === 'Chat#1')?.state, 'RUNNING');
});

test('a label that others have as well keeps its file', async (t) => {
  const { cluster, engine, lines } = await startStubs(t);
  await engine.start(stub('one', { afterwards: 'say-hello' }, { label: 'same' }));
  await engine.start(stub('two', { afterwards: 'say-hello' }, { label: 'same' }));
  await until(() => lines.filter(({ text }) => text === 'hello').length === 2);
  await engine.rename('one', 'other');
  await engine.stop('one');
  await engine.stop('other');
  await engine.stop('two');
  const read = (label: string): string => readFileSync(join(cluster.dir, 'logs', `${label}.log`), 'utf8');
  await until(() => existsSync(join(cluster.dir, 'logs', 'other.log')) && read('other') === 'goodbye\n');
  await until(() => read('same') === 'hello\nhello\ngoodbye\n');
});

test('a process of another node is known there by its new id', async (t) => {
  const { engine, lines } = await startStubs(t, {
    nodes: [
      { name: 'head', resources: {} },
      { name: 'other', resources: {} },
    ],
  });
  await engine.start(stub('spare', { afterwards: 'say-hello' }, { label: 'spare', node: 'other' }));
  const { pid } = (await engine.list()).find(({ id }) => id === 'spare') ?? assert.fail();
  const renamed = engine.rename('spare', 'Chat#1');
  // This is sent directly after it, as for a replica that is no longer wanted.
  const stopped = engine.stop('Chat#1');
  await renamed;
  await engine.rename('spare', 'Chat#1').catch((error: unknown) => assert.ok(hasCode(error, CannotRename)));
  await stopped;
  assert.ok(!isRunning(pid));
  await until(() => lines.some(({ label, text }) => label === 'Chat#1' && text === 'goodbye'));
  await assert.rejects(engine.rename('nobody', 'x'), (error: unknown) => hasCode(error, CannotRename));
});

test('what does not run, or would take an id that is in use, cannot be renamed', async (t) => {
  const { engine } = await startStubs(t);
  const refused = (id: string, to: string, reason: RegExp) =>
    assert.rejects(engine.rename(id, to), (error: Error) => hasCode(error, CannotRename) && reason.test(error.message));
  await engine.start(stub('a', {}));
  await engine.start(stub('b', {}));
  await refused('nobody', 'c', /process nobody cannot become c: no such process runs/);
  await refused('a', 'b', /another process has that id/);
  await engine.stop('a');
  await refused('a', 'c', /no such process runs/);
});
