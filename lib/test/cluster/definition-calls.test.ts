/** A deployment of a module runs its own code, however the call is written that makes it, and in every kind of module. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { listLocalClusters } from '../../dist/engine/index.js';
import { assertNothingLeft } from '../fixtures/engine-harness.js';
import { until } from '../fixtures/wait.js';

const LIBRARY = fileURLToPath(new URL('../..', import.meta.url));
const NBSERVE = join(LIBRARY, 'bin/nbserve.js');
let folder = '';
let child: ChildProcess | null = null;

before(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'nbt-calls-')));
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(LIBRARY, join(folder, 'node_modules/nbserve'));
});
after(async () => {
  child?.kill('SIGKILL');
  await until(() => listLocalClusters().length === 0);
  assertNothingLeft();
  rmSync(folder, { recursive: true });
});

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

/** Starts a script. Resolves with its output when `done` accepts the output, or when the script ends. */
async function run(
  args: readonly string[],
  done: (output: string) => boolean = () => false,
  onStdout: (text: string) => void = () => {},
): Promise<string> {
  const started = spawn(process.execPath, args, { cwd: folder });
  child = started;
  let output = '';
  for (const stream of [started.stdout, started.stderr]) stream.on('data', (data) => (output += String(data)));
  started.stdout.on('data', (data) => onStdout(String(data)));
  let isOver = false;
  started.once('close', () => {
    isOver = true;
  });
  await until(() => isOver || done(output));
  return output;
}

/** Runs a script, and returns its stdout, and its stderr too if it failed. On stderr, notices say what a slow machine waits for. */
async function script(name: string): Promise<string> {
  let printed = '';
  const output = await run([name], undefined, (text) => (printed += text));
  return child?.exitCode === 0 ? printed : output;
}

async function answerOf(target: string): Promise<string> {
  const output = await run([NBSERVE, 'run', target, '--port', 'auto'], (text) => / runs at /.test(text));
  const [, url] = / runs at (\S+)/.exec(output) ?? [];
  assert.ok(url, output);
  const answer = await (await fetch(url)).text();
  const ended = new Promise((resolve) => child?.once('close', resolve));
  child?.kill('SIGINT');
  await ended;
  return answer;
}

test('in a script: callees that are no plain names, members of classes, static ones', async () => {
  write({
    'calls.mjs': `import { serve } from 'nbserve';
const mk = (word) => serve.deployment(class Model { ask() { return word; } });
const fs = [mk];
const t = { mk, deep: { mk }, tag: (texts, value) => serve.deployment(class Model { ask() { return texts[0] + value; } }) };
const curry = (a) => (b) => serve.deployment(class Model { ask() { return a + b; } });
class K { static a = mk('k'); inst = mk('inst'); #m = mk; go() { return this.#m('go'); } static { K.b = mk('block'); } }
const all = {
  a: (0, t.mk)('a'), b: fs[0]('b'), c: t?.mk('c'), d: t['mk']('d'), e: t.tag\`e\${1}\`, f: (true ? mk : 0)('f'), g: curry('g')('1'),
  h: curry('h')
    ('1'), i: t.deep?.['mk']?.('i'), j: (mk)('j'), r: serve['deployment'](class Model { ask() { return 'r'; } }), go: new K().go(), k: K.a, block: K.b, inst: new K().inst,
};
for (const w of ['m', 'n']) { class M { static D = serve.deployment(class Model { ask() { return w; } }); } all[w] = M.D; }
const Front = serve.deployment(class Front {
  constructor(all) { this.all = all; }
  async ask() { return Object.entries(this.all).map(async ([name, one]) => [name, await one.ask.remote()]); }
  async wrong() { return (await Promise.all(await this.ask())).filter(([name, said]) => !said.startsWith(name)); }
});
const front = await serve.run(Front.bind(Object.fromEntries(Object.entries(all).map(([name, one]) => [name, one.bind()]))), { routePrefix: null }).catch((error) => error);
console.log(front instanceof Error ? front.message : await front.wrong.remote());
await serve.shutdown();
`,
  });
  assert.equal(await script('calls.mjs'), '[]\n');
});

test('in a script: a list of classes and functions of the file, in a loop', async () => {
  write({
    'list.mjs': `import { serve } from 'nbserve';
class A { ask() { return 'a'; } }
class B extends A { ask() { return 'b'; } }
const sum = (word) => word;
const parts = { a: A, b: B, c: class { ask() { return 'c'; } }, d: class { ask() { return 'd'; } }, fe: () => 'fe', ff: () => 'ff', fg: sum.bind(null, 'fg'), fh: sum.bind(null, 'fh') };
const all = Object.fromEntries(Object.entries(parts).map(([name, Part]) => [name, serve.deployment(Part, { name: 'Model' })]));
const Front = serve.deployment(class Front {
  constructor(all) { this.all = all; }
  async wrong() {
    const said = Object.entries(this.all).map(async ([name, one]) => [name, await (name.startsWith('f') ? one.remote() : one.ask.remote())]);
    return (await Promise.all(said)).filter(([name, word]) => name !== word);
  }
});
const front = await serve.run(Front.bind(Object.fromEntries(Object.entries(all).map(([name, one]) => [name, one.bind()]))), { routePrefix: null }).catch((error) => error);
console.log(front instanceof Error ? front.message : await front.wrong.remote());
await serve.shutdown();
`,
  });
  assert.equal(await script('list.mjs'), '[]\n');
});

test('in CommonJS as TypeScript writes it', async () => {
  write({
    'made.cjs': `"use strict";
exports.mk = mk;
const nbserve_1 = require("nbserve");
function mk(word) { return nbserve_1.serve.deployment(class Model { fetch() { return word; } }); }
`,
    'main.cjs': `"use strict";
const nbserve_1 = require("nbserve");
const made_js_1 = require("./made.cjs");
const x = (0, made_js_1.mk)('x'), y = (0, made_js_1.mk)('y');
exports.x = x.bind();
exports.default = y.bind();
if (require.main === module)
    (async () => {
        for (const one of [x, y])
            console.log(await (await fetch((await nbserve_1.serve.run(one.bind())).url)).text());
        await nbserve_1.serve.shutdown();
    })();
`,
  });
  assert.equal(await script('main.cjs'), 'x\ny\n');
  assert.equal(await answerOf('main.cjs:x'), 'x');
  assert.equal(await answerOf('main.cjs:default'), 'y');
});

test('nbserve run: TypeScript of packages that are links to folders of the user', async () => {
  for (const name of ['a', 'b']) {
    write({
      [`packages/${name}/package.json`]: JSON.stringify({ name: `@own/${name}`, type: 'module', exports: './src/index.ts' }),
      [`packages/${name}/src/index.ts`]: `import { serve } from 'nbserve';
export enum Word { Own = '${name}' }
export class Model { fetch(): string { return Word.Own; } }
export default serve.deployment(Model);
`,
    });
    mkdirSync(join(folder, 'node_modules/@own'), { recursive: true });
    symlinkSync(join(folder, 'packages', name), join(folder, 'node_modules/@own', name));
  }
  write({
    'workspace.ts': `import A, { Model } from '@own/a';
import B from '@own/b';
import { Model as Same } from './packages/a/src/index.ts';
export const a = A.bind(), b = B.bind(), same = (Model === Same ? A : B).bind();
`,
  });
  for (const [name, expected] of [
    ['a', 'a'],
    ['b', 'b'],
    ['same', 'a'],
  ] as const)
    assert.equal(await answerOf(`workspace.ts:${name}`), expected);
});
