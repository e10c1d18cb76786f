import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { TypeServer } from '../dist/session/ts7/type-server.js';

/** A type that TypeScript needs many seconds to check. */
const ENDLESS = `type R<N extends number, T extends unknown[] = []> = T['length'] extends N ? T : R<N, [...T, 0]>;\n${Array.from(
  { length: 400 },
  (_, i) => `const b${i}: [R<${990 - i}>, R<${800 - i}>] = [] as never;`,
).join('\n')}\nexport {};`;

function started(t: { after(end: () => void): void }): { server: TypeServer; path: string } {
  const server = new TypeServer({ folder: tmpdir(), ambient: '', paths: {}, roots: ['__nbs_a.ts'] });
  t.after(() => server.close());
  return { server, path: server.set('__nbs_a.ts', 'const x: number = "a"; export {}') };
}

const codesOf = ({ server, path }: { server: TypeServer; path: string }) =>
  server.diagnostics(path, true).map(({ code }) => code);

describe('the type server', () => {
  it('is restarted after it died, with its files', (t) => {
    const one = started(t);
    assert.deepEqual(codesOf(one), [2322]);
    const before = one.server.pid as number;
    process.kill(before, 'SIGKILL');
    assert.deepEqual(codesOf(one), [2322]);
    assert.notEqual(one.server.pid, before);
  });

  it('ends a question when it is killed on purpose, and answers the next', async (t) => {
    const { server, path } = started(t);
    codesOf({ server, path });
    server.set('__nbs_a.ts', ENDLESS);
    const killer = new Worker(`setTimeout(() => process.kill(${server.pid}, 'SIGKILL'), 200)`, { eval: true });
    server.interrupt();
    assert.throws(() => server.diagnostics(path, true), { name: 'KeyboardInterrupt' });
    await killer.terminate();
    server.set('__nbs_a.ts', 'export const fine = 1');
    assert.deepEqual(codesOf({ server, path }), []);
  });
});
