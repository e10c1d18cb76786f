import assert from 'node:assert/strict';
import { execSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { CellChildren, processTable, watchSpawns } from '../dist/children/index.js';

/** Real processes, some of which the running cell has started. */
describe('the children of a running cell', () => {
  const children = new CellChildren();
  let byRunning = true;
  before(() => watchSpawns((pid) => children.spawned(pid, byRunning ? 'cell' : '')));
  const started: number[] = [];
  after(() => {
    for (const pid of started) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended.
      }
    }
  });

  const start = (command: string, detached = false): number => {
    const child = spawn(command, { shell: true, stdio: 'ignore', detached });
    started.push(child.pid as number);
    return child.pid as number;
  };
  const below = (pid: number): number => processTable().filter(({ parent }) => parent === pid).length;

  it('get the signal, and so do their children; earlier, later and detached ones do not', async () => {
    const earlier = start('sleep 60; true');
    children.begin();
    const ended = spawn('sleep 60 | cat; true', { shell: true, stdio: 'ignore' });
    started.push(ended.pid as number);
    const detached = start('sleep 60; true', true);
    byRunning = false;
    const another = start('sleep 60; true');
    byRunning = true;
    while (below(ended.pid as number) < 2) await sleep(5);
    const listed = children.list();
    assert.equal(listed[0], ended.pid);
    assert.equal(listed.length, 3, 'the shell and both ends of its pipe');
    assert.deepEqual(children.signal('SIGKILL'), listed);
    await once(ended, 'exit');
    for (const pid of [earlier, detached, another]) assert.ok(process.kill(pid, 0));
    process.kill(-detached, 'SIGKILL');
    for (const pid of [earlier, another]) {
      execSync(`kill -9 $(ps -o pid= --ppid ${pid}) ${pid}`);
    }
  });
});
