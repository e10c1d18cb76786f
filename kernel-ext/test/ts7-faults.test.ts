import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { TestNotebook } from './session-harness.js';

/** The types of this take TypeScript some tenths of a second. The time grows with the third power of the length. */
const SLOW = `type R<N extends number, T extends unknown[] = []> = T['length'] extends N ? T : R<N, [...T, 0]>;
const slow: R<600> = [] as never;
`;

/** TypeScript's server of this process. */
function serverPid(): number {
  for (const entry of readdirSync('/proc')) {
    try {
      const parent = readFileSync(`/proc/${entry}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[1];
      if (parent === String(process.pid) && readFileSync(`/proc/${entry}/cmdline`, 'utf8').includes('--api'))
        return Number(entry);
    } catch {
      // It is no process, or has ended.
    }
  }
  throw new Error('TypeScript does not run');
}

describe('TypeScript, if it is ended from outside', () => {
  for (const signal of ['SIGTERM', 'SIGKILL', 'SIGHUP', 'SIGINT', 'SIGABRT'] as const) {
    it(`by ${signal}, is started again for the next cell`, async (t) => {
      const notebook = new TestNotebook();
      t.after(() => notebook.close());
      await notebook.value('class A { a = 1 } const one = new A()');
      process.kill(serverPid(), signal);
      assert.equal(await notebook.value('one.a + 1'), '2');
      process.kill(serverPid(), signal);
      assert.match(await notebook.failure('one.b'), /TS2339/);
      assert.equal(await notebook.value('new A().a'), '1');
    });

    it(`by ${signal} in the middle of a check, checks again`, async (t) => {
      const notebook = new TestNotebook();
      t.after(() => notebook.close());
      await notebook.value('const x = 1');
      const killer = new Worker(`setTimeout(() => process.kill(${serverPid()}, '${signal}'), 100)`, { eval: true });
      await notebook.value(`${SLOW}const y = x + 1`);
      await killer.terminate();
      assert.equal(await notebook.value('x + y'), '3');
    });
  }
});

const nested = (open: string, inner: string, close: string, depth: number): string =>
  open.repeat(depth) + inner + close.repeat(depth);

describe('a cell that is nested too deeply', () => {
  const cells: Readonly<Record<string, string>> = {
    lists: nested('[', '1', ']', 5_000),
    brackets: nested('(', '1', ')', 20_000),
    sums: `1${'+1'.repeat(50_000)}`,
    negations: `const y = ${'!'.repeat(30_000)}true`,
    types: `type T = ${nested('{ a: ', 'number', ' }', 5_000)}`,
    functions: `${'x => '.repeat(5_000)}1`,
    statements: `${'if (1) '.repeat(8_000)}1`,
    chains: `const a = { b: 1 } as any; a${'?.b'.repeat(8_000)}`,
    templates: nested('`${', '1', '}`', 4_000),
    blocks: nested('{', '', '}', 8_000),
  };
  it('is refused with a code', async (t) => {
    const notebook = new TestNotebook();
    t.after(() => notebook.close());
    for (const [name, code] of Object.entries(cells)) {
      const { outcome } = await notebook.run(code);
      // Some kinds can be read after all.
      if (outcome.status === 'ok') continue;
      assert.match(outcome.traceback.join('\n'), /NBS_NESTED_TOO_DEEP|TS\d+: \w/, name);
    }
    assert.equal(await notebook.value('1 + 1'), '2');
  });
});
