/** The compiler is a process of its own, which the system may end. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { compileModule } from 'nbserve/host';
import { until } from '../fixtures/wait.js';

/** The compiler's processes that this process has started. */
const compilers = (): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const parent = Number(/^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
        return parent === process.pid && readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('--service=');
      } catch {
        return false;
      }
    });

test('if the process of the compiler ends, another one is started', { skip: process.platform !== 'linux' }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'nbs-compiler-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const compile = async (name: string): Promise<string> => {
    const file = join(folder, `${name}.ts`);
    writeFileSync(file, `export const ${name}: number = 1;`);
    return readFileSync((await compileModule(file)).bundle, 'utf8');
  };
  assert.match(await compile('first'), /first = 1/);
  for (const names of [['second'], ['third', 'fourth']]) {
    const [pid, ...others] = compilers();
    assert.deepEqual(others, []);
    process.kill(pid ?? assert.fail(), 'SIGKILL');
    await until(() => compilers().length === 0);
    const texts = await Promise.all(names.map(compile));
    for (const [i, name] of names.entries()) assert.match(texts[i] ?? '', new RegExp(`${name} = 1`));
  }
  const [pid] = compilers();
  const pending = compile('fifth');
  process.kill(pid ?? assert.fail(), 'SIGKILL');
  assert.match(await pending, /fifth = 1/);
});
