import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import vm from 'node:vm';
import { Worker } from 'node:worker_threads';
import { SHARED_INTS, TERMINATION, Termination } from './messages.js';
import { installUnwind, mayEnd, unwindExpression } from './unwind.js';

/** Withdraws an order for which the main thread waits, so that nothing is terminated, and reports that it waited. */
const TAKE_BACK = `
const { workerData, parentPort } = require('node:worker_threads');
const { shared, at, READY, REFUSED } = workerData;
parentPort.postMessage('up');
parentPort.once('message', () => {
  while (Atomics.compareExchange(shared, at, READY, REFUSED) !== READY);
  parentPort.postMessage('taken back');
});`;

const shared = new Int32Array(new SharedArrayBuffer(SHARED_INTS * Int32Array.BYTES_PER_ELEMENT));
installUnwind(shared);

/** Calls like the inspector, with a stack frame for the expression. @returns the state after the call */
function ask(call: () => void): number {
  Atomics.store(shared, TERMINATION, Termination.ASKED);
  call();
  return Atomics.load(shared, TERMINATION);
}

const lib = (file: string): string =>
  new URL(`../dist/${file}`, import.meta.resolve('nbserve/errors')).href.replace('/dist/dist/', '/dist/');

describe('which code may be terminated', () => {
  const kernel = import.meta.url;
  const require = 'node:internal/modules/cjs/loader';
  const esbuild = '/home/me/node_modules/esbuild/lib/main.js';
  for (const [what, files, at] of [
    ['a cell', ['cell[1].ts', kernel], 'user code'],
    ['what a cell calls of Node', ['node:zlib', 'cell[1].ts', kernel], 'user code'],
    ['what a cell calls of Node’s lists', ['node:events', 'cell[1].ts', kernel], 'what user code called'],
    ['a package that a cell uses', [esbuild, 'cell[1].ts', kernel], 'user code'],
    ['endless microtasks', ['node:internal/process/task_queues'], 'what user code called'],
    ['a training behind an await', [lib('trees/index.js'), lib('trees/index.js')], 'user code'],
    ['nbserve’s own code', [lib('serve/index.js')], 'anything'],
    ['a package that nbserve loads for itself', [esbuild, require, lib('code/index.js')], 'anything'],
    ['a module that is being loaded', [require], 'anything'],
    ['the kernel', [kernel], 'anything'],
    ['nothing', [], undefined],
  ] as const) {
    it(`${what}: ${at ?? 'never'}`, () => {
      const reaches = ['user code', 'what user code called', 'anything'] as const;
      assert.equal(
        reaches.find((reach) => mayEnd(files, reach)),
        at,
      );
    });
  }
});

describe('a termination', () => {
  it('is refused if the kernel’s own code runs', () => {
    assert.equal(
      ask(() => [0].map(() => Function(unwindExpression('user code'))())),
      Termination.REFUSED,
    );
  });

  it('is refused if only Node’s code runs', () => {
    assert.equal(
      ask(() => vm.runInThisContext(unwindExpression('user code'))),
      Termination.REFUSED,
    );
  });

  it('is accepted if a cell’s code runs', async () => {
    const workerData = { shared, at: TERMINATION, READY: Termination.READY, REFUSED: Termination.REFUSED };
    const worker = new Worker(TAKE_BACK, { eval: true, workerData });
    await new Promise((resolve) => worker.once('message', resolve));
    const takenBack = new Promise((resolve) => worker.once('message', resolve));
    worker.postMessage('go');
    ask(() => vm.runInThisContext(`(0, eval)(${JSON.stringify(unwindExpression('user code'))})`, { filename: 'cell.js' }));
    assert.equal(await takenBack, 'taken back');
    await worker.terminate();
  });
});
