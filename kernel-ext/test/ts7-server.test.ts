import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { describe, it } from 'node:test';
import { TypeServer } from '../dist/session/ts7/type-server.js';

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

  it('has started, even if its first question fails', (t) => {
    const { server } = started(t);
    const failing = (): never => {
      throw new Error('no answer');
    };
    assert.throws(() => server.ask(failing), { code: 'NBS_TYPE_CHECKER' });
  });
});
