import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { TestNotebook } from './session-harness.js';

const MEBIBYTE = 1 << 20;

/** Memory of TypeScript's server of this process, in MiB. */
function serverMebibytes(): number {
  for (const entry of readdirSync('/proc')) {
    try {
      const parent = readFileSync(`/proc/${entry}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[1];
      if (parent !== String(process.pid) || !readFileSync(`/proc/${entry}/cmdline`, 'utf8').includes('--api')) continue;
      return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${entry}/status`, 'utf8'))?.[1]) / 1024;
    } catch {
      // It is no process, or has ended.
    }
  }
  throw new Error('TypeScript does not run');
}

/** A notebook that is edited: a class, what uses it, an object of it, and cells that only compute. */
const edited = (i: number): string =>
  [
    `class Model { private n = ${i}; get() { return this.n + step } }`,
    `const step = ${i}`,
    'const model = new Model(); const make = { fresh: () => new Model() }',
    'function total() { return model.get() + make.fresh().get() }',
    `const row${i % 50} = { id: ${i}, total: total() }; row${i % 50}.total`,
  ][i % 5] as string;

describe('a long session', () => {
  it('of 1,000 cells keeps its memory, and is right at its end', async (t) => {
    const notebook = new TestNotebook();
    t.after(() => notebook.close());
    await notebook.value('const step = 0');
    for (const i of [0, 1, 2, 3]) await notebook.value(edited(i));
    let half = { own: 0, server: 0 };
    for (let i = 4; i < 1_000; i += 1) {
      await notebook.value(edited(i));
      if (i === 500) half = { own: process.memoryUsage().heapUsed / MEBIBYTE, server: serverMebibytes() };
    }
    assert.ok(serverMebibytes() < half.server * 1.3 + 20, `the server grew from ${half.server} MiB to ${serverMebibytes()}`);
    const own = process.memoryUsage().heapUsed / MEBIBYTE;
    assert.ok(own < half.own * 1.5 + 30, `the session grew from ${half.own} MiB to ${own}`);
    assert.equal(await notebook.value('row49.id + total() - total()'), '999');
    assert.match(await notebook.failure('model.missing'), /TS2339/);
  });

  it('of 1,000 cells with names of their own grows with the names, and not with their square', async (t) => {
    const notebook = new TestNotebook();
    t.after(() => notebook.close());
    const names = (i: number): string => Array.from({ length: 10 }, (_, n) => `const name${i}x${n} = ${i * 10 + n}`).join('; ');
    const measured = (): number => {
      setFlagsFromString('--expose-gc');
      (runInNewContext('gc') as () => void)();
      return process.memoryUsage().heapUsed / MEBIBYTE;
    };
    let half = 0;
    const before = measured();
    for (let i = 0; i < 1_000; i += 1) {
      await notebook.value(names(i));
      if (i === 499) half = measured() - before;
    }
    // The square would be four times as much.
    const whole = measured() - before;
    assert.ok(whole < half * 2.6 + 5, `500 cells took ${half} MiB, and 1,000 took ${whole} MiB`);
    assert.equal(await notebook.value('name0x1 + name999x9'), '10000');
  });

  it('takes a file of 20,000 lines', async (t) => {
    const notebook = new TestNotebook();
    t.after(() => notebook.close());
    const lines = Array.from({ length: 20_000 }, (_, i) => `export const v${i}: number = ${i};`);
    await notebook.file('long.ts', lines.join('\n'));
    assert.equal(await notebook.value('import { v0, v19999 } from "./long.ts"; v0 + v19999'), '19999');
    assert.match(await notebook.failure('v19999.toUpperCase()'), /TS2339|TS2551/);
    const cell = Array.from({ length: 20_000 }, (_, i) => `const c${i} = ${i};`).join('\n');
    assert.equal(await notebook.value(`${cell}\nc19999`), '19999');
    assert.equal(await notebook.value('c19999 + 1'), '20000');
  });

  it('sees a package that is installed, changed and removed between cells', async (t) => {
    const notebook = new TestNotebook();
    t.after(() => notebook.close());
    const folder = join(notebook.folder, 'node_modules/late');
    const install = (version: string, types: string, code: string): void => {
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'late', version, main: 'i.js', types: 'i.d.ts' }));
      writeFileSync(join(folder, 'i.d.ts'), types);
      writeFileSync(join(folder, 'i.js'), code);
    };
    assert.match(await notebook.failure('import { n } from "late"; n'), /TS2307/);
    install('1.0.0', 'export declare const n: number;', 'exports.n = 1');
    assert.equal(await notebook.value('import { n } from "late"; n'), '1');
    rmSync(folder, { recursive: true });
    assert.equal(await notebook.value('n + 1'), '2');
    assert.match(await notebook.failure('import { gone } from "late-as-well"; gone'), /TS2307/);
    assert.match(await notebook.failure('import { n as again } from "late"; again'), /TS2307|Cannot find/);
    install('2.0.0', 'export declare const n: string;', 'exports.n = "s"');
    await notebook.run('import { gone } from "late-as-well"; gone');
    assert.match(await notebook.failure('import { n as later } from "late"; later.toFixed()'), /TS2551|TS2339/);
    assert.match(await notebook.failure('import { n as later } from "late"; later.toUpperCase()'), /NBS_PACKAGE_CHANGED/);
    install('1.0.0', 'export declare const n: number;', 'exports.n = 1');
    await notebook.run('import { gone } from "late-as-well"; gone');
    assert.equal(await notebook.value('import { n as later } from "late"; later.toFixed()'), "'1'");
  });
});
